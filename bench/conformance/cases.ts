/** ONNX's own test cases: folders with a model, its inputs and what must come out, as the `onnx` package ships them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';

/** The last release seen to ship them. */
export const onnxVersion = '1.19.1';

const suites = ['node', 'simple', 'pytorch-operator', 'pytorch-converted'] as const;

export interface ConformanceCase {
  readonly suite: string;
  readonly name: string;
  readonly folder: string;
  /** Folders of inputs and outputs. */
  readonly sets: readonly string[];
}

/** Cases in a folder laid out as `onnx/backend/test/data`, in the order of their names. */
export function casesIn(data: string): readonly ConformanceCase[] {
  return suites.flatMap((suite) => {
    const root = join(data, suite);
    if (!existsSync(root)) return [];
    return readdirSync(root)
      .sort()
      .map((name) => {
        const folder = join(root, name);
        const sets = readdirSync(folder).filter((set) => set.startsWith('test_data_set_'));
        return { suite, name, folder, sets: sets.map((set) => join(folder, set)) };
      });
  });
}

/** Downloads the package with pip into the temporary folder, once, and unpacks its cases there. Returns their folder. */
export function downloadedCases(): string {
  const folder = join(tmpdir(), `octavo-onnx-cases-${onnxVersion}`);
  if (existsSync(folder)) return folder;
  const wheels = `${folder}.wheels`;
  const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '-d', wheels];
  execFileSync('python3', [...args, `onnx==${onnxVersion}`], { stdio: 'inherit' });
  const wheel = readdirSync(wheels).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`pip left no wheel in ${wheels}`);
  const prefix = 'onnx/backend/test/data/';
  const files = unzipSync(readFileSync(join(wheels, wheel)), {
    filter: ({ name }) => name.startsWith(prefix) && suites.some((s) => name.startsWith(`${prefix}${s}/`)),
  });
  const partial = `${folder}.partial`;
  for (const [name, bytes] of Object.entries(files)) {
    if (name.endsWith('/')) continue;
    const path = join(partial, name.slice(prefix.length));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  renameSync(partial, folder);
  rmSync(wheels, { recursive: true });
  return folder;
}
