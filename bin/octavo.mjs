#!/usr/bin/env node
// Works in an installed package and in a fresh clone: there, src/ lies beside it and is built when it changed.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => new URL(path, import.meta.url);
if (existsSync(fileURLToPath(here('../src/cli/main.ts')))) {
  const { buildCode } = await import(here('../scripts/build.mjs').href);
  await buildCode();
}
const { main } = await import(here('../dist/cli.js').href);
process.exitCode = await main(process.argv.slice(2));
