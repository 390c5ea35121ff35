//! Packages of JavaScript and TypeScript.

mod common;

use common::{Repository, processes};

#[test]
fn the_lock_file_and_the_field_name_the_package_manager() {
    let package =
        r#"{"scripts": {"dev": "next dev", "build": "next build", "lint": "x", "test": "y"}}"#;
    for (lock, command) in [
        ("pnpm-lock.yaml", "pnpm dev"),
        ("yarn.lock", "yarn dev"),
        ("bun.lockb", "bun run dev"),
        ("bun.lock", "bun run dev"),
        ("package-lock.json", "npm run dev"),
    ] {
        processes(
            &[("package.json", package), (lock, "")],
            &[&format!("{command} @ . : 3000")],
        );
    }
    let named = r#"{"packageManager": "yarn@4.1.0", "scripts": {"dev": "vite"}}"#;
    processes(
        &[("package.json", named), ("package-lock.json", "")],
        &["yarn dev @ . : 5173"],
    );
}

#[test]
fn frameworks_have_their_ports_and_scripts_their_own() {
    for (script, port) in [
        (r#""dev": "nuxt dev""#, "npm run dev @ . : 3000"),
        (
            r#""dev": "astro dev --port 4400""#,
            "npm run dev @ . : 4400",
        ),
        (r#""start": "ng serve""#, "npm start @ . : 4200"),
        (
            r#""start": "react-scripts start", "build": "react-scripts build""#,
            "npm start @ . : 3000",
        ),
        (
            r#""serve": "vue-cli-service serve""#,
            "npm run serve @ . : 8080",
        ),
        (
            r#""develop": "gatsby develop""#,
            "npm run develop @ . : 8000",
        ),
        (
            r#""start": "nest start", "start:dev": "nest start --watch", "start:prod": "node dist/main""#,
            "npm run start:dev @ . : 3000",
        ),
        (
            r#""develop": "strapi develop", "start": "strapi start""#,
            "npm run develop @ . : 1337",
        ),
        (
            r#""dev": "remix vite:dev", "start": "remix-serve ./build/server/index.js""#,
            "npm run dev @ . : 5173",
        ),
    ] {
        processes(
            &[("package.json", &format!("{{\"scripts\": {{{script}}}}}"))],
            &[port],
        );
    }
}

#[test]
fn a_server_of_nodes_own_takes_the_port_of_its_environment_or_code() {
    let package = r#"{"dependencies": {"express": "4"}, "scripts": {"dev": "nodemon src/server.js", "start": "node src/server.js"}}"#;
    processes(
        &[("package.json", package), (".env.example", "PORT=4100\n")],
        &["npm run dev @ . : 4100"],
    );
    let code = "const port = process.env.PORT || 4200;\n";
    processes(
        &[("package.json", package), ("src/server.js", code)],
        &["npm run dev @ . : 4200"],
    );
    processes(&[("package.json", package)], &["npm run dev @ . : 3000"]);
}

#[test]
fn the_bundlers_configuration_names_the_port() {
    let package = r#"{"scripts": {"dev": "vite"}}"#;
    let config = "export default defineConfig({ server: { host: true, port: 5199 } })";
    processes(
        &[("package.json", package), ("vite.config.ts", config)],
        &["npm run dev @ . : 5199"],
    );
}

#[test]
fn libraries_and_tools_start_nothing() {
    for package in [
        r#"{"name": "lib", "version": "1.0.0", "main": "dist/index.js", "scripts": {"dev": "tsup --watch", "test": "vitest", "build": "tsup"}}"#,
        r#"{"name": "tool", "bin": "cli.js", "scripts": {"dev": "tsx src/index.ts", "start": "node dist/cli.js"}}"#,
        r#"{"scripts": {"build": "tsc", "lint": "eslint .", "start": "NODE_ENV=production node server.js"}}"#,
        r#"{"scripts": {"start": "next start", "preview": "vite preview"}}"#,
    ] {
        processes(&[("package.json", package)], &[]);
    }
}

#[test]
fn a_workspaces_own_script_stands_for_its_members() {
    let top = r#"{"workspaces": ["apps/*", "packages/*"], "packageManager": "pnpm@9.0.0", "scripts": {"dev": "turbo run dev"}}"#;
    let web = r#"{"name": "web", "scripts": {"dev": "next dev --port 3100"}}"#;
    let docs = r#"{"name": "docs", "scripts": {"dev": "next dev --port 3101"}}"#;
    let library = r#"{"name": "ui", "scripts": {"dev": "tsup --watch"}}"#;
    let files = [
        ("package.json", top),
        ("turbo.json", "{}"),
        ("apps/web/package.json", web),
        ("apps/docs/package.json", docs),
        ("packages/ui/package.json", library),
    ];
    processes(&files, &["pnpm dev @ . : 3100"]);
}

#[test]
fn without_a_script_of_the_workspace_its_applications_count() {
    let files = [
        ("package.json", r#"{"private": true}"#),
        (
            "pnpm-workspace.yaml",
            "packages:\n  - 'apps/*'\n  - 'packages/*'\n",
        ),
        ("pnpm-lock.yaml", ""),
        (
            "apps/api/package.json",
            r#"{"name": "api", "dependencies": {"fastify": "4"}, "scripts": {"dev": "tsx watch src/server.ts"}}"#,
        ),
        (
            "apps/web/package.json",
            r#"{"name": "web", "scripts": {"dev": "vite"}}"#,
        ),
        (
            "apps/docs/package.json",
            r#"{"name": "docs", "scripts": {"dev": "astro dev"}}"#,
        ),
        (
            "packages/ui/package.json",
            r#"{"name": "ui", "scripts": {"dev": "tsc -w"}}"#,
        ),
    ];
    processes(
        &files,
        &["pnpm dev @ apps/api : 3000", "pnpm dev @ apps/web : 5173"],
    );
}

#[test]
fn a_script_that_starts_both_halves_is_enough() {
    let top = r#"{"scripts": {"dev": "concurrently \"npm run server\" \"npm run client\"", "server": "nodemon server.js", "client": "npm start --prefix client"}, "dependencies": {"express": "4"}}"#;
    let client = r#"{"scripts": {"start": "react-scripts start"}}"#;
    processes(
        &[("package.json", top), ("client/package.json", client)],
        &["npm run dev @ . : 3000"],
    );
}

#[test]
fn a_filter_leaves_the_other_applications_to_their_own_scripts() {
    let top = r#"{"workspaces": ["apps/*"], "scripts": {"dev": "turbo dev --filter=web", "dev:api": "turbo dev --filter=api"}}"#;
    let files = [
        ("package.json", top),
        ("yarn.lock", ""),
        (
            "apps/web/package.json",
            r#"{"name": "web", "scripts": {"dev": "next dev"}}"#,
        ),
        (
            "apps/api/package.json",
            r#"{"name": "@x/api", "dependencies": {"express": "4"}, "scripts": {"dev": "node --watch server.js"}}"#,
        ),
    ];
    processes(&files, &["yarn dev @ . : 3000", "yarn dev:api @ . : 3000"]);
}

#[test]
fn nx_and_bun_and_programs_called_by_the_manager_are_known() {
    let nx = r#"{"dependencies": {"@angular/core": "18"}, "scripts": {"start": "nx serve shop"}}"#;
    processes(
        &[("package.json", nx), ("nx.json", "{}")],
        &["npm start @ . : 4200"],
    );
    let bun =
        r#"{"dependencies": {"elysia": "1"}, "scripts": {"dev": "bun run --watch src/index.ts"}}"#;
    processes(
        &[("package.json", bun), ("bun.lock", "")],
        &["bun run dev @ . : 3000"],
    );
    let called = r#"{"scripts": {"dev": "yarn next dev -p 3007"}}"#;
    processes(
        &[("package.json", called), ("yarn.lock", "")],
        &["yarn dev @ . : 3007"],
    );
}

#[test]
fn deno_runs_its_tasks() {
    let config = "{\n  // tasks\n  \"tasks\": {\"dev\": \"deno run -A --watch main.ts\", \"test\": \"deno test\",},\n}";
    processes(
        &[("deno.jsonc", config), ("main.ts", "")],
        &["deno task dev @ . : 8000"],
    );
}

#[test]
fn the_reason_names_file_and_line() {
    let package =
        "{\n  \"scripts\": {\n    \"build\": \"vite build\",\n    \"dev\": \"vite\"\n  }\n}";
    let found = Repository::new(&[("web/package.json", package)]).on(&[]);
    assert_eq!(
        found.processes[0].why,
        "web/package.json:4: script `dev` runs `vite`"
    );
    assert_eq!(found.processes[0].name, "web");
}
