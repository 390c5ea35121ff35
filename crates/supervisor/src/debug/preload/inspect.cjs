// Loaded by Forge into each Node process of a process in debug mode. The one that runs the
// application opens the inspector; package managers and watchers, which only start it, do not.
'use strict';
(() => {
  const { isMainThread } = require('node:worker_threads');
  const at = /^--inspect=(.+):(\d+)$/.exec(process.env.FORGE_INSPECT || '');
  if (!isMainThread || !at) return;
  const inspector = require('node:inspector');
  const options = process.execArgv;
  if (inspector.url() || options.some((option) => option.startsWith('--inspect'))) return;
  const watches = options.some((option) => /^--(watch|test)/.test(option));
  if (watches && !process.env.WATCH_REPORT_DEPENDENCIES && !process.env.NODE_TEST_CONTEXT) return;
  const script = process.argv[1] || '';
  const starters = [
    'npm', 'npx', 'pnpm', 'pnpx', 'yarn', 'yarnpkg', 'corepack', 'nodemon', 'concurrently',
    'npm-run-all', 'npm-run-all2', 'run-p', 'run-s', 'cross-env', 'cross-env-shell', 'dotenv',
    'dotenv-cli', 'env-cmd', 'turbo', 'nx', 'lerna', 'wireit', 'tsx', 'ts-node-dev', 'tsnd',
    'node-dev', 'supervisor', 'foreman', 'nf', 'tsc-watch', 'nest', 'wait-on', 'start-server-and-test',
  ];
  const name = script.split('/').pop().replace(/(-cli)?\.[cm]?js$/, '');
  const packages = script.split('/node_modules/').slice(1);
  const owner = (packages.pop() || '').split('/')[0];
  const starts = starters.includes(name) || starters.includes(owner);
  const next = /\/next(\/dist\/bin\/next)?$/.test(script) && !['build', 'start'].includes(process.argv[2]);
  if (starts || next) return;
  const { readFileSync } = require('node:fs');
  const taken = (port) => {
    const hex = ':' + port.toString(16).toUpperCase().padStart(4, '0') + ' ';
    return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) => {
      try {
        return readFileSync(table, 'utf8').split('\n').some((row) => {
          const [, local, , state] = row.trim().split(/\s+/);
          return state === '0A' && `${local} `.endsWith(hex);
        });
      } catch {
        return false;
      }
    });
  };
  const first = Number(at[2]);
  for (let port = first; port < first + 20 && port < 65536; port += 1) {
    if (taken(port)) continue;
    inspector.open(port, at[1]);
    if (inspector.url()) return;
  }
})();
