// What a page that runs a compiled model has to load besides its weights: files that import nothing, within a budget.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { buildCode } from '../scripts/build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await buildCode();

test.each(['runtime.js', 'runtime-thread.js'])('dist/%s imports nothing', async (name) => {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(root, 'dist', name)],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    write: false,
  });
  expect(Object.keys(metafile.inputs).length).toBe(1);
  // No import that only shows when it runs, and nothing that a strict content security policy forbids.
  const code = outputFiles[0]!.text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g, '');
  expect(code).not.toMatch(/\bimport\s*\(|\beval\s*\(|\bnew Function\b|\brequire\s*\(/);
});
