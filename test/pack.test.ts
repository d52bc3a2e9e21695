// What `npm pack` ships, installed in an empty folder: types, ESM imports and the command.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'octavo-pack-'));
const run = (command: string, args: readonly string[], cwd = folder): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

beforeAll(() => {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], root));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  run('npm', [
    'install',
    '--silent',
    '--ignore-scripts',
    '--omit=peer',
    '--no-audit',
    '--no-fund',
    `./${packed.filename}`,
  ]);
  // The optional peer weighs 200 MB: the one that is here serves.
  for (const peer of ['onnxruntime-node', 'onnxruntime-common'])
    symlinkSync(join(root, 'node_modules', peer), join(folder, 'node_modules', peer));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('ESM imports work, with their types', () => {
  expect(process.env.OCTAVO_TYPES_ERROR).toBeUndefined();
  writeFileSync(
    join(folder, 'use.ts'),
    `import { readOnnx, version, type Model } from 'octavo';
     import { readOnnxFile } from 'octavo/node';
     import { load, RuntimeError, type CompiledNetwork } from 'octavo/runtime';
     const model: Model = readOnnxFile('model.onnx');
     const text: string = version;
     // @ts-expect-error a number is no model file
     export const refused = () => readOnnx(1);
     const missing: RuntimeError = await load('nowhere').then((n: CompiledNetwork) => n.dispose()).catch((e) => e);
     console.log(text, model.graph.nodes.length, missing.code, missing instanceof RuntimeError);`,
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = [
    '--module',
    'nodenext',
    '--strict',
    '--target',
    'es2022',
    '--lib',
    'es2023,dom',
    '--types',
    'node',
  ];
  run(process.execPath, [tsc, ...options, '--typeRoots', join(root, 'node_modules/@types'), 'use.ts']);
  symlinkSync(join(root, 'examples/fashion-mnist/model.onnx'), join(folder, 'model.onnx'));
  expect(run(process.execPath, ['use.js'])).toBe('0.1.0 114 LOAD true\n');
});

test('the command quantizes', () => {
  const data = (name: string) => join(root, 'examples/fashion-mnist', name);
  const args = [
    'octavo',
    'quantize',
    data('model.onnx'),
    '--data',
    data('calib.npz'),
    '--preset',
    '0-1',
    '--samples',
    '16',
    '--quiet',
  ];
  expect(run('npx', [...args, '-o', 'out.onnx'])).toMatch(/^out\.onnx[\s\S]*PROVEN/);
});

test('nothing but what is needed is shipped', () => {
  const files = JSON.parse(run('npm', ['pack', '--json', '--dry-run', '--silent'], root))[0].files as {
    path: string;
  }[];
  const strays = files.filter(
    (f) => !/^(bin|dist|docs)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(f.path),
  );
  expect(strays).toEqual([]);
});
