// What a page downloads of the built package: bundled and minified for browsers as a user's bundler does it, then gzipped.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = process.env.OCTAVO_ROOT ?? dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Not a literal in the import: benches are bundled, and the script must know where it stands. */
const buildScript = pathToFileURL(join(root, 'scripts/build.mjs')).href;

/** Kilobytes (of 1024 bytes), gzipped, that everything `octavo` exports may take without onnxruntime. */
export const browserBudgetKb = 120;

export interface BrowserBundle {
  readonly bytes: number;
  readonly gzippedBytes: number;
  /** Bytes of each file in it, minified, largest first. */
  readonly files: readonly (readonly [file: string, bytes: number])[];
  /** Modules it would still import. */
  readonly imports: readonly string[];
}

/** `code` imports from 'octavo'. Throws where something cannot be had in a browser. */
export async function bundleForBrowser(code: string): Promise<BrowserBundle> {
  await (await import(buildScript)).buildCode();
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: code, resolveDir: root, loader: 'js' },
    alias: { octavo: join(root, 'dist/index.js') },
    outfile: 'bundle.js',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  const bytes = outputFiles[0]!.contents;
  return {
    bytes: bytes.length,
    gzippedBytes: gzipSync(bytes, { level: 9 }).length,
    files: Object.entries(output!.inputs)
      .map(([file, { bytesInOutput }]) => [file, bytesInOutput] as const)
      .sort((a, b) => b[1] - a[1]),
    imports: output!.imports.map((i) => i.path),
  };
}
