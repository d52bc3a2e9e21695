// A compiled model without a compiler: a chain of calls each of whose elements needs its neighbours' of the call before, so that
// a thread that runs ahead shows in the numbers.
import { createHash } from 'node:crypto';
import { headerLayout, kernel, writeHeader } from '../../src/compile/kernels/kernel.ts';
import { assembleModule, callBytes } from '../../src/compile/module.ts';
import type { CompiledImage, CompiledModule, Manifest } from '../../src/runtime/manifest.ts';
import { firstFreeAddress } from '../../src/runtime/thread-words.ts';
import { i32, ops } from '../../src/wasm/index.ts';

const { i32: I } = ops;

/** target[i] = source[i - 1] + 3 source[i] + source[i + 1] + i, round the end; a unit is an element. */
const mix = kernel({
  name: 'mix',
  fields: { source: 'i32', target: 'i32', count: 'i32' },
  emit({ f, p, from, to }) {
    const at = (index: typeof from) => I.add(p.source, I.shl(index, i32(2)));
    const [before, behind] = f.locals('i32', 2);
    f.while(I.lt_s(from, to), () => {
      f.set(before!, I.rem_u(I.add(from, I.sub(p.count, i32(1))), p.count));
      f.set(behind!, I.rem_u(I.add(from, i32(1)), p.count));
      const sum = I.add(I.load(at(before!)), I.load(at(behind!)));
      const mixed = I.add(I.add(sum, from), I.mul(I.load(at(from)), i32(3)));
      f.do(I.store(I.add(p.target, I.shl(from, i32(2))), mixed));
      f.set(from, I.add(from, i32(1)));
    });
  },
});

/** Traps: 1 / 0 for the unit that is named. */
const fail = kernel({
  name: 'fail',
  fields: { unit: 'i32' },
  emit({ f, p, from, to }) {
    f.while(I.lt_s(from, to), () => {
      f.drop(I.div_u(i32(1), I.sub(from, p.unit)));
      f.set(from, I.add(from, i32(1)));
    });
  },
});

export interface ByHand {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  readonly manifest: Manifest;
  /** What it must make of its input. */
  expected(input: Int32Array): Int32Array;
}

export interface ByHandOptions {
  readonly elements?: number;
  /** Multiply-accumulates that each call says it has: large ones are shared between threads, small ones are not. */
  readonly macs?: readonly number[];
  /** A unit of an extra last call that traps. */
  readonly failingUnit?: number;
}

const large = 10_000_000;

export function compiledByHand({
  elements = 100,
  macs = [large, 10, large, 10, 10],
  failingUnit,
}: ByHandOptions = {}): ByHand {
  const constantsAt = firstFreeAddress;
  const imageAt = constantsAt + 64;
  const kernels = [mix, fail];
  const header = headerLayout(mix.fields).bytes;
  const count = macs.length + (failingUnit === undefined ? 0 : 1);
  const imageBytes = count * (header + callBytes);
  const listAt = imageAt + count * header;
  const room = Math.ceil((4 * elements) / 64) * 64;
  const first = Math.ceil((imageAt + imageBytes) / 64) * 64;
  const buffers = [first, first + room];
  const memoryBytes = first + 2 * room;
  const image = new Uint8Array(imageBytes);
  const list = new Int32Array(image.buffer, count * header);
  const write = (i: number, place: number, bytes: Uint8Array, units: number): void => {
    image.set(bytes, i * header);
    list.set([place, imageAt + i * header, units, 0], 4 * i);
  };
  for (const i of macs.keys()) {
    const [source, target] = [buffers[i % 2]!, buffers[(i + 1) % 2]!];
    write(i, 0, writeHeader(mix, { source, target, count: elements }), elements);
  }
  if (failingUnit !== undefined)
    write(macs.length, 1, writeHeader(fail as never, { unit: failingUnit }), elements);
  const weights = new Uint8Array(64 + imageBytes);
  weights.set(image, 64);
  const sharedPages = Math.ceil(memoryBytes / 65536);
  const files = new Map<string, Uint8Array<ArrayBuffer>>([['weights.bin', weights]]);
  const module = (variant: 'relaxed' | 'baseline', shared: boolean): CompiledModule => {
    const file = `${variant}${shared ? '.threads' : ''}.wasm`;
    const bytes = assembleModule(kernels as never, { variant, ...(shared ? { sharedPages } : {}) });
    files.set(file, bytes);
    return { file, sha256: hashOf(bytes) };
  };
  const port = { dtype: 'int32', dims: [1, elements], strides: [4 * elements, 4] } as const;
  const manifest: Manifest = {
    format: 'octavo-compiled',
    version: 1,
    octavo: '0.0.0',
    name: 'by hand',
    kernels: kernels.map((k) => k.name),
    modules: {
      relaxed: module('relaxed', false),
      baseline: module('baseline', false),
      relaxedShared: module('relaxed', true),
      baselineShared: module('baseline', true),
    },
    sharedPages,
    weights: {
      file: 'weights.bin',
      bytes: weights.length,
      sha256: hashOf(weights),
      constants: { bytes: 64, at: constantsAt },
    },
    programs: [
      {
        sizes: { N: 1 },
        image: { offset: 64, bytes: imageBytes, at: imageAt },
        list: listAt,
        calls: [
          ...macs.map((m, i) => ({ node: `mix${i}`, op: 'Mix', kernel: 0, macs: m })),
          ...(failingUnit === undefined ? [] : [{ node: 'fail', op: 'Fail', kernel: 1, macs: large }]),
        ],
        memoryBytes,
        arenaBytes: 8 * elements,
        arenaLowerBound: 8 * elements,
        inputs: [{ name: 'x', ...port, at: buffers[0]! }],
        outputs: [{ name: 'y', ...port, at: buffers[macs.length % 2]! }],
      },
    ],
  };
  files.set('model.json', new TextEncoder().encode(JSON.stringify(manifest)) as Uint8Array<ArrayBuffer>);
  const expected = (input: Int32Array): Int32Array =>
    macs.reduce(
      (x) =>
        x.map((v, i) => x[(i + elements - 1) % elements]! + x[(i + 1) % elements]! + i + Math.imul(3, v)),
      input,
    );
  return { files, manifest, expected };
}

/** What it says can be written over, to break it. */
export type Changeable<T> = T extends object ? { -readonly [K in keyof T]: Changeable<T[K]> } : T;

/** The same files with another manifest. */
export function withManifest(
  { files, manifest }: ByHand,
  change: (manifest: Changeable<Manifest>) => void,
): Map<string, Uint8Array> {
  const changed = structuredClone(manifest) as Changeable<Manifest>;
  change(changed);
  return new Map([...files, ['model.json', new TextEncoder().encode(JSON.stringify(changed))]]);
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An input of one byte an element, for images. */
export function takingImages(
  image: CompiledImage,
  port: { readonly dims: readonly number[]; readonly dtype: 'float32' | 'uint8' | 'int8' } & Pick<
    Manifest['programs'][number]['inputs'][number],
    'codes'
  >,
): Map<string, Uint8Array> {
  const count = port.dims.reduce((n, d) => n * d, 1);
  const bytes = port.dtype === 'float32' ? 4 : 1;
  const strides = port.dims.map((_, i) => port.dims.slice(i + 1).reduce((n, d) => n * d, bytes));
  return withManifest(compiledByHand({ elements: count, macs: [] }), (manifest) => {
    const program = manifest.programs[0]!;
    const { at } = program.inputs[0]!;
    Object.assign(program, {
      inputs: [{ name: 'x', ...port, at, strides, image }],
      outputs: [{ name: 'y', ...port, at, strides }],
    });
  });
}
