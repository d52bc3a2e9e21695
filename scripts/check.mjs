// `npm run check`: format and lint, types, and the import directions between rooms.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (path) => join(root, 'node_modules', path);
const steps = [
  ['format and lint', bin('@biomejs/biome/bin/biome'), ['ci', '--colors=off', '--error-on-warnings', '.']],
  ['types', bin('typescript/bin/tsc'), ['--noEmit', '-p', '.']],
  [
    'rooms and house rules',
    bin('vitest/vitest.mjs'),
    ['run', 'test/rooms.test.ts', 'test/house-rules.test.ts'],
  ],
];
let failed = 0;
for (const [name, script, args] of steps) {
  console.log(`== ${name}`);
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) failed++;
}
console.log(failed === 0 ? 'check: all good' : `check: ${failed} of ${steps.length} failed`);
process.exitCode = failed === 0 ? 0 : 1;
