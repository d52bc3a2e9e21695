// Builds dist/: JavaScript by esbuild, declarations by tsc. `buildCode` alone takes a fraction of a second,
// so that the command and the tests can build what they need in a fresh clone.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The command is one file: it starts in half the time. */
const commandEntry = { cli: 'src/cli/main.ts' };
/** Each a file of its own that imports nothing, to be served or copied as it is. */
const wholeEntries = { runtime: 'src/runtime/index.ts', 'runtime-thread': 'src/runtime/thread.ts' };
const codeStamp = join(root, 'dist/.code');
const typesStamp = join(root, 'dist/.types');

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}

/** Whether everything in src/ is older than this stamp of a build. */
function isFresh(stamp) {
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  return newest(join(root, 'src')) < built && statSync(join(root, 'package.json')).mtimeMs < built;
}

/** The library's modules: all but the command and the tests. */
function modules(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return path === 'src/cli' ? [] : modules(path);
    return /(?<!\.test|cases)\.ts$/.test(path) ? [path] : [];
  });
}

/** Each module stays a file: in a bundle, bundlers of users could not tell what they may leave out. */
const apart = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true },
    );
  },
};

/** Bundles the entry points, unless dist/ is newer than every source. */
export async function buildCode() {
  if (isFresh(codeStamp)) return;
  const { build } = await import('esbuild');
  const common = {
    absWorkingDir: root,
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    sourcemap: true,
    define: { OCTAVO_VERSION: JSON.stringify(version()) },
    logLevel: 'warning',
  };
  const outside = { packages: 'external', external: ['node:*'] };
  await build({ ...common, ...outside, entryPoints: commandEntry });
  await build({ ...common, ...outside, entryPoints: modules('src'), outbase: 'src', plugins: [apart] });
  await build({ ...common, entryPoints: wholeEntries });
  writeFileSync(codeStamp, '');
}

function version() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

/** Declarations, unless they are newer than every source. Takes seconds. */
export function buildTypes() {
  if (isFresh(typesStamp)) return;
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the declarations were not built: tsc found errors');
  writeFileSync(typesStamp, '');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await buildCode();
  buildTypes();
}
