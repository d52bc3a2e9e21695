/**
 * What a page downloads of Octavo, without onnxruntime: minified and gzipped, by what it uses, and what it goes to.
 * Run: npm run bench -- bench/browser-bundle.ts [--files 15]
 */
import { parseArgs } from 'node:util';
import { table } from '../src/report/table.ts';
import { browserBudgetKb, bundleForBrowser } from '../test/support/browser-bundle.ts';

const { values } = parseArgs({ options: { files: { type: 'string', default: '15' } } });
const uses: readonly (readonly [string, string])[] = [
  ['everything', "export * from 'octavo';"],
  [
    'calibrate and quantize arrays',
    "export { calibrate, datasetFromTensors, onnxruntimeWeb, prepareModel, quantize, readOnnx, writeOnnx } from 'octavo';",
  ],
  ['read and write ONNX', "export { readOnnx, writeOnnx } from 'octavo';"],
];
const kilobytes = (bytes: number): string => (bytes / 1024).toFixed(1);
const right = (title: string) => ({ title, align: 'right' as const });

const rows: string[][] = [];
for (const [name, code] of uses) {
  const { bytes, gzippedBytes } = await bundleForBrowser(code);
  rows.push([name, kilobytes(bytes), kilobytes(gzippedBytes)]);
}
console.log(table([{ title: 'used' }, right('KB minified'), right('KB gzipped')], rows));

const { files, gzippedBytes } = await bundleForBrowser(uses[0]![1]);
const rooms = new Map<string, number>();
for (const [file, bytes] of files) {
  const room = file.split('/').slice(0, 2).join('/');
  rooms.set(room, (rooms.get(room) ?? 0) + bytes);
}
const largest = [...rooms].sort((a, b) => b[1] - a[1]);
console.log(
  `\n${table(
    [{ title: 'room' }, right('KB minified')],
    largest.map(([room, bytes]) => [room, kilobytes(bytes)]),
  )}`,
);
const most = files.slice(0, Number(values.files)).map(([file, bytes]) => [file, kilobytes(bytes)]);
console.log(`\n${table([{ title: 'file' }, right('KB minified')], most)}`);
if (gzippedBytes / 1024 > browserBudgetKb) {
  console.error(`over the budget of ${browserBudgetKb} KB gzipped`);
  process.exit(1);
}
