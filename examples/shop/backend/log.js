// One line for each thing that happens; Forge adds the time.

export const info = (message) => console.log(`INFO  ${message}`);
export const warn = (message) => console.log(`WARN  ${message}`);
export const error = (message) => console.error(`ERROR ${message}`);
