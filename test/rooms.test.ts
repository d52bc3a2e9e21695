// Holds the import directions of docs/architecture.md: a room imports only rooms above it in this list.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src');

/** Rooms from the ground up; siblings on one level do not import each other. */
const levels = [
  ['base'],
  ['ir', 'wire', 'wasm'],
  ['ops'],
  ['formats', 'passes', 'runtime'],
  ['engines'],
  ['calibrate'],
  ['quantize', 'compile'],
  ['analyse'],
  ['report'],
  ['pipeline'],
  ['index', 'reference'],
  ['node'],
  ['cli'],
];
/** Files at the root that every room may read. */
const anywhere = new Set(['version']);
/** Only these may reach a disk or a native module; the core runs in a browser. */
const nodeOnly = [
  /^cli\//,
  /^node\.ts$/,
  /^engines\/onnxruntime-node/,
  /^formats\/[^/]+\/files?-.*node\.ts$/,
  /^calibrate\/readers\//,
];

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesOf(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

const files = filesOf(source)
  .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))
  .map((f) => relative(source, f));

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  return [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^;]*?from\s+'([^']+)'|\bimport\('([^']+)'\)/g),
  ].map((m) => (m[1] ?? m[2])!);
}

const roomOf = (file: string): string => file.split('/')[0]!.replace(/\.ts$/, '');
const levelOf = (room: string): number => levels.findIndex((rooms) => rooms.includes(room));

test('every file belongs to a room of the plan', () => {
  const strays = files.filter((f) => levelOf(roomOf(f)) < 0 && !anywhere.has(roomOf(f)));
  expect(strays).toEqual([]);
  expect(files.length).toBeGreaterThan(10);
});

test('imports only go up the list of rooms', () => {
  const wrong: string[] = [];
  for (const file of files)
    for (const target of importsOf(file).filter((t) => t.startsWith('.'))) {
      const from = roomOf(file);
      const to = roomOf(relative(source, resolve(source, dirname(file), target)));
      if (from === to || anywhere.has(to) || anywhere.has(from)) continue;
      if (levelOf(to) >= levelOf(from)) wrong.push(`${file} imports ${target}`);
    }
  expect(wrong).toEqual([]);
});

test('only the node rooms import node: modules, onnxruntime-node or sharp', () => {
  const wrong = files
    .filter((f) => !nodeOnly.some((r) => r.test(f)))
    .flatMap((f) =>
      importsOf(f)
        .filter((t) => t.startsWith('node:') || t === 'onnxruntime-node' || t === 'sharp')
        .map((t) => `${f} imports ${t}`),
    );
  expect(wrong).toEqual([]);
});

/** The file and all that it imports, and they, to the end. */
function reachedFrom(entry: string): readonly string[] {
  const seen = new Set<string>();
  const pending = [entry];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const target of importsOf(file).filter((t) => t.startsWith('.')))
      pending.push(relative(source, resolve(source, dirname(file), target)));
  }
  return [...seen];
}

test('what the browser entries reach needs no Node', () => {
  const reached = ['index.ts', 'compile.ts', 'reference.ts'].flatMap(reachedFrom);
  expect(reached.filter((f) => nodeOnly.some((r) => r.test(f)))).toEqual([]);
});

test('who runs a compiled model loads nothing else of Octavo', () => {
  const reached = ['runtime/index.ts', 'runtime/thread.ts'].flatMap(reachedFrom);
  expect(reached.filter((f) => !/^(runtime|base)\//.test(f))).toEqual([]);
  const packages = reached.flatMap(importsOf).filter((t) => !t.startsWith('.'));
  // Built into dist/runtime.js (test/runtime-files.test.ts).
  expect([...new Set(packages)].sort()).toEqual(['@noble/hashes/sha2.js', '@noble/hashes/utils.js']);
});
