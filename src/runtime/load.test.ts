// Where files come from, what is chosen, what is told; and that nothing but a RuntimeError comes of files that are not right.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Changeable } from '../../test/support/compiled-by-hand.ts';
import { compiledByHand, hashOf, withManifest } from '../../test/support/compiled-by-hand.ts';
import { relaxedHere } from '../../test/support/kernel-case.ts';
import { load, RuntimeError } from './index.ts';
import type { Manifest } from './manifest.ts';

const byHand = compiledByHand();
const x = Int32Array.from({ length: 100 }, (_, i) => i * i - 7);
const wanted = byHand.expected(x);

async function answers(source: Parameters<typeof load>[0], options = {}): Promise<void> {
  const network = await load(source, options);
  expect((await network.run({ x })).y!.data).toEqual(wanted);
  await network.dispose();
}

const folder = mkdtempSync(join(tmpdir(), 'octavo-runtime-'));
for (const [name, bytes] of byHand.files) writeFileSync(join(folder, name), bytes);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('from', () => {
  const { files } = byHand;
  let base = '';
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const { pathname } = new URL(request.url!, 'http://localhost');
    const bytes = files.get(pathname.replace('/models/net/', ''));
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/net`;
  });
  afterAll(() => server.close());

  test('a folder on disk, by path and by URL, with and without the manifest', async () => {
    for (const path of [folder, `${folder}/`, join(folder, 'model.json')]) {
      await answers(path);
      await answers(pathToFileURL(path));
    }
  });

  test('a server, whose query goes with each file', async () => {
    await answers(base);
    await answers(new URL(`${base}/model.json`));
    asked.length = 0;
    await answers(`${base}/?v=2`);
    expect(asked.length).toBe(3);
    expect(asked.every((url) => url.endsWith('?v=2'))).toBe(true);
  });

  test('bytes by name, of any kind', async () => {
    await answers(files);
    const given = (name: string): Uint8Array<ArrayBuffer> => files.get(name)!;
    await answers(given);
    await answers(async (name) => given(name).buffer);
    await answers((name) => new Response(given(name)));
    await answers((name) => new Blob([given(name)]));
    const shared = (name: string): Uint8Array => {
      const bytes = new Uint8Array(new SharedArrayBuffer(given(name).length));
      bytes.set(given(name));
      return bytes;
    };
    await answers(shared);
  });

  test('modules that are ready-made, where nothing may be compiled', async () => {
    const compiled = new Map(
      [...files].flatMap(([name, bytes]) =>
        name.endsWith('.wasm') && WebAssembly.validate(bytes) ? [[name, new WebAssembly.Module(bytes)]] : [],
      ) as [string, WebAssembly.Module][],
    );
    const { compile, Module } = WebAssembly;
    const forbidden = (): never => {
      throw new WebAssembly.CompileError('compiling is forbidden');
    };
    Object.assign(WebAssembly, { compile: forbidden, Module: new Proxy(Module, { construct: forbidden }) });
    try {
      const give = (name: string) => compiled.get(name) ?? files.get(name)!;
      const network = await load(give);
      expect(network.variant).toBe(relaxedHere() === true ? 'relaxed' : 'baseline');
      expect((await network.run({ x })).y!.data).toEqual(wanted);
      // One that cannot even be made ready here is missing.
      const baseline = await load((name) => (name === 'relaxed.wasm' ? (undefined as never) : give(name)));
      expect(baseline.variant).toBe('baseline');
    } finally {
      Object.assign(WebAssembly, { compile, Module });
    }
  });

  test('nowhere: an error that names the place', async () => {
    for (const source of [join(folder, 'other'), `${base}x`, new Map(), () => undefined as never, 'http://'])
      await expect(load(source)).rejects.toMatchObject({ name: 'RuntimeError', code: 'LOAD' });
    await expect(load(`${base}x`)).rejects.toThrow(/netx\/model\.json: the server answers 404/);
  });
});

test('it knows itself as an InferenceSession does', async () => {
  const network = await load(byHand.files, { variant: 'baseline' });
  const described = (name: string) => ({ name, isTensor: true, type: 'int32', shape: [1, 100] });
  expect(network).toMatchObject({
    name: 'by hand',
    variant: 'baseline',
    threads: 1,
    notes: [],
    inputNames: ['x'],
    outputNames: ['y'],
    inputMetadata: [described('x')],
    outputMetadata: [described('y')],
  });
  const { y } = await network.run({
    x: { dims: [1, 100], data: x, type: 'int32', location: 'cpu' } as never,
  });
  expect(y).toEqual({ type: 'int32', dims: [1, 100], data: wanted });
  expect(network.profile(3).map((c) => c.node)).toEqual(['mix0', 'mix1', 'mix2', 'mix3', 'mix4']);
  expect(network.profile(1, { x }).length).toBe(5);
  expect(() => network.profile(1, { x: new Float32Array(100) })).toThrow(/Give an Int32Array/);
});

test('the weights are told as they come', async () => {
  const weights = byHand.files.get('weights.bin')!;
  const parts = [0, 10, 11, weights.length];
  const body = new ReadableStream({
    start(controller) {
      for (const [i, end] of parts.slice(1).entries()) controller.enqueue(weights.slice(parts[i], end));
      controller.close();
    },
  });
  const told: number[][] = [];
  await answers((name) => (name === 'weights.bin' ? new Response(body) : byHand.files.get(name)!), {
    onProgress: (...progress: number[]) => told.push(progress),
  });
  expect(told).toEqual(parts.slice(1).map((end) => [end, weights.length]));
});

test('a signal ends it with its reason', async () => {
  const reason = new Error('changed my mind');
  const controller = new AbortController();
  const endless = new ReadableStream({ pull: () => new Promise(() => {}) });
  const loading = load(
    (name) => {
      if (name !== 'weights.bin') return byHand.files.get(name)!;
      setTimeout(() => controller.abort(reason));
      return new Response(endless);
    },
    { signal: controller.signal },
  );
  await expect(loading).rejects.toBe(reason);
  await expect(load(byHand.files, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('one run at a time, and none after dispose', async () => {
  const network = await load(byHand.files);
  const both = await Promise.allSettled([network.run({ x }), network.run({ x })]);
  expect(both.map((r) => r.status)).toEqual(['fulfilled', 'rejected']);
  expect((both[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'STATE' });
  await network.dispose();
  await network.dispose();
  await expect(network.run({ x })).rejects.toMatchObject({ code: 'STATE' });
  expect(() => network.profile()).toThrow(RuntimeError);
});

const noImage = { width: 10, height: 10, data: new Uint8ClampedArray(400) };
test.each([
  ['nothing', null, 'the inputs: they are no object'],
  ['no input', {}, "input 'x': it is not given"],
  ['one too many', { x, z: x }, "input 'z': the model has none of that name"],
  ['null', { x: null }, "input 'x': it is null"],
  ['a number', { x: 7 }, "input 'x': it is 7"],
  ['a list', { x: [1, 2] }, "input 'x': it is of the type Array"],
  ['another type', { x: new Float32Array(100) }, 'Give an Int32Array of [1, 100]'],
  ['too short', { x: new Int32Array(99) }, 'it has 99 elements, not 100'],
  ['other dims', { x: { dims: [100, 1], data: x } }, 'it has the shape [100, 1]'],
  ['dims of text', { x: { dims: '[1,100]', data: x } }, 'it has no dims'],
  ['an image', { x: noImage }, 'nothing says how the model takes images'],
  ['an object of nothing', { x: Object.create(null) }, "input 'x': it is of the type object"],
])('wrong inputs: %s', async (_, feeds, message) => {
  const network = await load(byHand.files);
  await expect(network.run(feeds as never)).rejects.toThrow(message);
  await expect(network.run(feeds as never)).rejects.toMatchObject({ name: 'RuntimeError', code: 'INPUT' });
  expect((await network.run({ x })).y!.data).toEqual(wanted);
});

describe('files that are not right', () => {
  const { files } = byHand;
  const replaced = (name: string, bytes: Uint8Array): Map<string, Uint8Array> =>
    new Map([...files, [name, bytes]]);

  test('the weights of another model are recognised', async () => {
    const other = files.get('weights.bin')!.slice();
    other[3]! ^= 1;
    await expect(load(replaced('weights.bin', other))).rejects.toThrow(
      /weights\.bin: its SHA-256 is [0-9a-f]{12}/,
    );
    await expect(load(replaced('weights.bin', new Uint8Array(7)))).rejects.toThrow('it has 7 bytes, not');
    const longer = async (name: string): Promise<Response> =>
      new Response(name === 'weights.bin' ? new Uint8Array(1e6) : files.get(name)!);
    await expect(load(longer)).rejects.toThrow('it has more than');
  });

  test('a program and a list of calls that are not of one model', async () => {
    const weights = files.get('weights.bin')!.slice();
    weights[weights.length - 16] = 1;
    const broken = withManifest(byHand, (m) => {
      m.weights.sha256 = hashOf(weights);
    }).set('weights.bin', weights);
    await expect(load(broken)).rejects.toThrow('call 4 of the program is not that of the manifest');
  });

  /** Whatever it is: an error of the runtime's, or a network that runs. */
  async function holds(source: Map<string, Uint8Array>): Promise<boolean> {
    try {
      const network = await load(source, { variant: 'baseline' });
      await network.run({ x });
      return true;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      expect(error.message).toMatch(/^.+: .+\. .+/s);
      return false;
    }
  }

  const binary = ['weights.bin', 'baseline.wasm'] as const;

  test('cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('model.json', ...binary), fc.nat(), async (name, at) => {
        const whole = files.get(name)!;
        expect(await holds(replaced(name, whole.subarray(0, at % whole.length)))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('any byte changed: the hash tells', async () => {
    const change = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...binary), change, async (name, { at, by }) => {
        const bytes = files.get(name)!.slice();
        bytes[at % bytes.length]! ^= by;
        expect(await holds(replaced(name, bytes))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('any byte of module or weights changed by someone who changes the hash as well', async () => {
    const change = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...binary), change, async (name, { at, by }) => {
        const bytes = files.get(name)!.slice();
        const index = at % bytes.length;
        // What runs for ever is nobody's to stop: see "Files you did not make" in docs/runtime.md.
        if (name === 'baseline.wasm' && isCode(bytes, index)) return;
        bytes[index]! ^= by;
        const changed = withManifest(byHand, (m) => {
          const entry = name === 'weights.bin' ? m.weights : m.modules.baseline;
          entry.sha256 = hashOf(bytes);
        });
        await holds(changed.set(name, bytes));
      }),
      { numRuns: 300 },
    );
  });

  test('a manifest with any field changed', async () => {
    const values = fc.oneof(
      fc.constantFrom(
        null,
        true,
        '',
        'x',
        '../x',
        [],
        {},
        -1,
        0.5,
        0,
        1,
        3,
        4,
        64,
        1024,
        65536,
        2 ** 31,
        2 ** 32,
        2 ** 53,
      ),
      fc.integer(),
      fc.jsonValue({ maxDepth: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), values, async (way, value) => {
        await holds(withManifest(byHand, (m) => changeField(m, way, value)));
      }),
      { numRuns: 600 },
    );
  });

  test('a manifest that is none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.json().map(encoded)), async (bytes) => {
        expect(await holds(replaced('model.json', bytes))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Follows the way down to a field that is no object, or stops where it ends, and puts the value there. */
function changeField(manifest: Changeable<Manifest>, way: readonly number[], value: unknown): void {
  let place = manifest as unknown as Record<string, unknown>;
  for (const step of way) {
    const keys = Object.keys(place);
    if (keys.length === 0) return;
    const key = keys[step % keys.length]!;
    const next = place[key];
    if (typeof next !== 'object' || next === null || step === way.at(-1)) {
      place[key] = value;
      return;
    }
    place = next as Record<string, unknown>;
  }
}

/** Whether the byte belongs to the instructions of a function. */
function isCode(module: Uint8Array, index: number): boolean {
  let at = 8;
  while (at < module.length) {
    const id = module[at]!;
    let [size, shift, next] = [0, 0, at + 1];
    for (; ; shift += 7) {
      const byte = module[next++]!;
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (index < next + size) return id === 10;
    at = next + size;
  }
  return false;
}
