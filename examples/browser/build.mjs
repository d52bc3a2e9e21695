// Makes the page's files: quantizes and compiles the example model by the command, and puts what the browser needs into dist/.
// `node examples/browser/build.mjs`, then serve dist/ by anything.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { buildCode } from '../../scripts/build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const demo = (name) => join(here, '../fashion-mnist', name);

/** As `npx octavo ...` does. */
function octavo(...args) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(root, 'bin/octavo.mjs'), ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`octavo ${args[0]} ended with ${status}: ${stderr}${stdout}`);
}

/** Writes page, runtime, compiled model and some pictures to try to a folder. */
export async function buildExample(outdir = join(here, 'dist')) {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(join(outdir, 'octavo'), { recursive: true });
  mkdirSync(join(outdir, 'samples'));
  await buildCode();
  for (const name of ['index.html', 'style.css', 'page.js'])
    cpSync(join(here, 'src', name), join(outdir, name));
  cpSync(demo('classes.json'), join(outdir, 'classes.json'));
  // In a project of your own: node_modules/octavo/dist/, or what your bundler makes of `octavo/runtime`.
  for (const name of ['runtime.js', 'runtime-thread.js'])
    cpSync(join(root, 'dist', name), join(outdir, 'octavo', name));
  const int8 = join(outdir, 'model.int8.onnx');
  octavo(
    'quantize',
    demo('model.onnx'),
    '--data',
    demo('calib.npz'),
    '--preset',
    '0-1',
    '--target',
    'octavo',
    '--quiet',
    '-o',
    int8,
  );
  octavo('compile', int8, '--preset', '0-1', '-o', join(outdir, 'model'));
  rmSync(int8);
  writeSamples(join(outdir, 'samples'));
  return outdir;
}

/** One picture of each class, from the test set. */
function writeSamples(folder) {
  const classes = JSON.parse(readFileSync(demo('classes.json'), 'utf8'));
  const arrays = unzipSync(readFileSync(demo('test.npz')));
  const [images, labels] = [arrays['image.npy'], arrays['label.npy']].map(dataOf);
  const names = classes.map((name, label) => {
    const index = labels.indexOf(label);
    const file = `${name.toLowerCase().replace(/\W+/g, '-')}.png`;
    writeFileSync(join(folder, file), greyPng(images.subarray(index * 784, (index + 1) * 784), 28));
    return file;
  });
  writeFileSync(join(folder, 'index.json'), JSON.stringify(names));
}

/** Of a .npy of bytes. */
function dataOf(npy) {
  return npy.subarray(10 + npy[8] + 256 * npy[9]);
}

function greyPng(pixels, side) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8;
  const rows = Buffer.alloc(side * (side + 1));
  for (let y = 0; y < side; y++) rows.set(pixels.subarray(y * side, (y + 1) * side), y * (side + 1) + 1);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const outdir = await buildExample();
  if (!existsSync(join(outdir, 'model/model.json'))) throw new Error('the model was not compiled');
  console.log(`built ${outdir}; to look at it: node ${join(here, 'serve.mjs')}`);
}
