// The development server: on the port that Forge chose, with the API behind /api.

import { defineConfig } from "vite";

export default defineConfig({
  clearScreen: false,
  server: {
    host: "127.0.0.1",
    port: Number(process.env.PORT ?? 5173),
    strictPort: true,
    proxy: { "/api": process.env.BACKEND_URL ?? "http://127.0.0.1:8080" },
  },
});
