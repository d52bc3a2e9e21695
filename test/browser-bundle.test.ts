// What a page has to download of Octavo has a budget. `npm run bench -- bench/browser-bundle.ts` says what it goes to.
import { expect, test } from 'vitest';
import { browserBudgetKb, bundleForBrowser } from './support/browser-bundle.ts';

test(`all of octavo, without onnxruntime, takes at most ${browserBudgetKb} KB gzipped`, async ({
  annotate,
}) => {
  const { gzippedBytes, imports, files } = await bundleForBrowser("export * from 'octavo';");
  await annotate(`${(gzippedBytes / 1024).toFixed(1)} KB gzipped`);
  expect(gzippedBytes / 1024).toBeLessThanOrEqual(browserBudgetKb);
  // Something is in it, and nothing outside: no node: module, no onnxruntime.
  expect(gzippedBytes / 1024).toBeGreaterThan(20);
  expect(imports).toEqual([]);
  // The arithmetic of the oracle is for octavo/reference.
  expect(files.map(([file]) => file).filter((f) => /\/(oracle|interpret)\.js$/.test(f))).toEqual([]);
});

test('who uses a part does not pay for the whole', async () => {
  const all = await bundleForBrowser("export * from 'octavo';");
  const reader = await bundleForBrowser("export { readOnnx, writeOnnx } from 'octavo';");
  expect(reader.gzippedBytes).toBeLessThan(all.gzippedBytes / 3);
});

test('a module of Node in it would be noticed', async () => {
  await expect(bundleForBrowser("import 'node:fs'; export * from 'octavo';")).rejects.toThrow(/node:fs/);
});
