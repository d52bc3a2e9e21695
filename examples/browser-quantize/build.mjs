// Builds the example into static files: `node examples/browser-quantize/build.mjs`, then serve dist/ by anything.
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const demo = join(here, '../fashion-mnist');

/** Writes page, worker, onnxruntime-web's WebAssembly and the demo's model and data to a folder. */
export async function buildExample(outdir = join(here, 'dist')) {
  rmSync(outdir, { recursive: true, force: true });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  await build({
    entryPoints: [join(here, 'src/page.ts'), join(here, 'src/worker.ts')],
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // In a project of your own, npm finds octavo, and neither line is needed.
    alias: { octavo: join(root, 'src/index.ts') },
    define: { OCTAVO_VERSION: JSON.stringify(version) },
    logLevel: 'warning',
  });
  for (const name of ['index.html', 'style.css', 'icon.svg'])
    cpSync(join(here, 'src', name), join(outdir, name));
  // onnxruntime-web looks for this file beside the script it is bundled into.
  const wasm = 'ort-wasm-simd-threaded.wasm';
  cpSync(createRequire(import.meta.url).resolve(`onnxruntime-web/${wasm}`), join(outdir, wasm));
  mkdirSync(join(outdir, 'demo'));
  for (const name of ['model.onnx', 'calib.npz', 'test.npz'])
    cpSync(join(demo, name), join(outdir, 'demo', name));
  return outdir;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const outdir = await buildExample();
  console.log(`built ${outdir}; to look at it: node ${join(here, 'serve.mjs')}`);
}
