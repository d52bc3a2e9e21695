// What a page that runs a compiled model has to load besides its weights: files that import nothing, within a budget.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { buildCode } from '../scripts/build.mjs';
import type { Kernel } from '../src/compile/kernels/kernel.ts';
import { assembleModule } from '../src/compile/module.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const budgetKb = 60;
await buildCode();

async function bundled(name: string) {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(root, 'dist', name)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    write: false,
  });
  return { files: Object.keys(metafile.inputs), code: outputFiles[0]! };
}

test.each(['runtime.js', 'runtime-thread.js'])('dist/%s imports nothing', async (name) => {
  const { files, code } = await bundled(name);
  expect(files).toEqual([`dist/${name}`]);
  // No import that only shows when it runs, and nothing that a strict content security policy forbids.
  expect(code.text).not.toMatch(/\bimport\s*\(|\beval\s*\(|\bnew Function\b|\brequire\s*\(/);
});

test(`runtime and a module of every kernel there is take at most ${budgetKb} KB gzipped`, async ({
  annotate,
}) => {
  const folder = join(root, 'src/compile/kernels');
  const kernels: Kernel[] = [];
  for (const name of readdirSync(folder).filter((n) => /^[\w-]+\.ts$/.test(n)))
    for (const exported of Object.values((await import(join(folder, name))) as Record<string, unknown>))
      if (isKernel(exported)) kernels.push(exported);
  expect(kernels.length).toBeGreaterThan(20);
  const module = assembleModule([...new Set(kernels)], { variant: 'relaxed', sharedPages: 100 });
  const parts = [module, ...(await Promise.all(['runtime.js', 'runtime-thread.js'].map(codeOf)))];
  const sizes = parts.map((bytes) => gzipSync(bytes, { level: 9 }).length);
  await annotate(`${kernels.length} kernels, runtime, threads: ${sizes.join(' + ')} bytes gzipped`);
  expect(sizes.reduce((a, b) => a + b) / 1024).toBeLessThanOrEqual(budgetKb);
});

const codeOf = async (name: string): Promise<Uint8Array> => (await bundled(name)).code.contents;

function isKernel(value: unknown): value is Kernel {
  return typeof value === 'object' && value !== null && 'emit' in value && 'fields' in value;
}
