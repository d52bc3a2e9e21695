// Files: read lazily, written all or nothing, and external data that stays within the model's folder.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Proto } from '../../../test/support/onnx-proto.ts';
import { decodeProto, encodeProto, modelProto, valueInfo } from '../../../test/support/onnx-proto.ts';
import type { ByteSource } from '../../base/bytes.ts';
import { OctavoError } from '../../base/errors.ts';
import type { Model } from '../../ir/index.ts';
import { Draft, Tensor, withParts } from '../../ir/index.ts';
import { MessageEncoder } from '../../wire/protobuf-encode.ts';
import { fileSource } from './file-source-node.ts';
import { readOnnxFile, writeOnnxFile } from './files-node.ts';
import { readOnnx, writeOnnxTo } from './index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

/** y = x + a + b, with `a` of four floats and `b` of 20,000, which is 80 kB. */
function sumModel(): Uint8Array {
  const ramp = Float32Array.from({ length: 20_000 }, (_, i) => i);
  const raw_data = new Uint8Array(ramp.buffer);
  return modelProto({
    input: [valueInfo('x', 1, [1])],
    output: [valueInfo('y', 1, [20_000])],
    initializer: [
      { name: 'a', dims: [1], data_type: 1, float_data: [0.5] },
      { name: 'b', dims: [20_000], data_type: 1, raw_data },
    ],
    node: [
      { op_type: 'Add', input: ['x', 'b'], output: ['h'] },
      { op_type: 'Add', input: ['h', 'a'], output: ['y'] },
    ],
  });
}

function edited(model: Model): Model {
  const draft = new Draft(model.graph);
  draft.setInitializer('a', Tensor.of('float32', [1], Float32Array.of(100)));
  return withParts(model, { graph: draft.finish() });
}

function codeOf(run: () => unknown): [code: string, message: string] {
  try {
    run();
  } catch (error) {
    if (error instanceof OctavoError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}

async function answer(path: string): Promise<[first: number, last: number]> {
  const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
  const { y } = await session.run({ x: new ort.Tensor('float32', [1], [1]) });
  await session.release();
  return [y!.data[0] as number, y!.data[19_999] as number];
}

describe('writing', () => {
  test('an unedited model is written byte for byte, over its own file too', () => {
    writeFileSync(at('m.onnx'), sumModel());
    const model = readOnnxFile(at('m.onnx'));
    writeOnnxFile(model, at('n.onnx'));
    writeOnnxFile(model, at('m.onnx'));
    for (const name of ['m.onnx', 'n.onnx'])
      expect(Buffer.compare(readFileSync(at(name)), sumModel())).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['m.onnx', 'n.onnx']);
  });

  test('with external data: onnxruntime reads it, and so do we, also when edited and written in place', async () => {
    writeOnnxFile(edited(readOnnx(sumModel())), at('m.onnx'), { externalData: true });
    expect(readdirSync(folder).sort()).toEqual(['m.onnx', 'm.onnx.data']);
    expect(readFileSync(at('m.onnx.data')).length).toBe(80_000);
    expect(readFileSync(at('m.onnx')).length).toBeLessThan(1000);
    expect(await answer(at('m.onnx'))).toEqual([101, 20_100]);

    // 'auto' keeps the form it came in, and the weights are read from the very file that is replaced.
    writeOnnxFile(readOnnxFile(at('m.onnx')), at('m.onnx'));
    expect(await answer(at('m.onnx'))).toEqual([101, 20_100]);
    writeOnnxFile(readOnnxFile(at('m.onnx')), at('one.onnx'), { externalData: false });
    expect(existsSync(at('one.onnx.data'))).toBe(false);
    expect(await answer(at('one.onnx'))).toEqual([101, 20_100]);
  });

  test('large external tensors begin on a page, small ones on sixteen bytes, tiny ones stay inside', () => {
    const tensor = (name: string, size: number): Proto => ({
      name,
      dims: [size],
      data_type: 2,
      raw_data: new Uint8Array(size).fill(size % 251),
    });
    const sizes = { tiny: 1023, odd: 1025, next: 2000, large: 70_000, last: 1024 };
    const bytes = modelProto({
      initializer: Object.entries(sizes).map(([name, size]) => tensor(name, size)),
      node: [{ op_type: 'Sum', input: Object.keys(sizes), output: ['y'] }],
      output: [valueInfo('y', 2, undefined)],
    });
    writeOnnxFile(readOnnx(bytes), at('m.onnx'), { externalData: true });
    const graph = decodeProto('ModelProto', readFileSync(at('m.onnx'))).graph as { initializer: Proto[] };
    const offsets = graph.initializer.map((t) => (t.external_data as Proto[] | undefined)?.[1]?.value);
    expect(offsets).toEqual([undefined, '0', '1040', '4096', '74096']);
    const again = readOnnxFile(at('m.onnx')).graph.initializers;
    for (const [name, size] of Object.entries(sizes))
      expect(Buffer.from(again.get(name)!.bytes())).toEqual(Buffer.alloc(size, size % 251));
  });

  test('a failure leaves the file that was there, and no temporary', () => {
    writeFileSync(at('m.onnx'), 'before');
    const model = edited(readOnnx(sumModel()));
    const draft = new Draft(model.graph);
    draft.setInitializer(
      'a',
      Tensor.lazy('float32', [1], () => {
        throw new OctavoError({ code: 'IO', where: 'w', what: 'gone', remedy: 'None' });
      }),
    );
    const broken = withParts(model, { graph: draft.finish() });
    for (const externalData of [false, true])
      expect(codeOf(() => writeOnnxFile(broken, at('m.onnx'), { externalData }))[0]).toBe('IO');
    expect(readdirSync(folder)).toEqual(['m.onnx']);
    expect(readFileSync(at('m.onnx'), 'utf8')).toBe('before');
  });

  test('what a killed process left is cleared away, what another one is writing is not', () => {
    const dead = spawnSync(process.execPath, ['--version']).pid;
    const [gone, before, live] = [dead, `${process.pid}.3`, process.ppid].map((id) => `.m.onnx.${id}.tmp`);
    const others = ['.m.onnx.tmp', `.n.onnx.${dead}.tmp`, `.m.onnx.${dead}.txt`, live!];
    for (const name of [gone!, before!, ...others]) writeFileSync(at(name), 'half');
    writeOnnxFile(readOnnx(sumModel()), at('m.onnx'));
    expect(readdirSync(folder).sort()).toEqual([...others, 'm.onnx'].sort());
  });

  test('a folder that is not there, and a folder in the place of the file, are IO errors', () => {
    const model = readOnnx(sumModel());
    expect(codeOf(() => writeOnnxFile(model, at('none/m.onnx')))).toEqual([
      'IO',
      expect.stringMatching(/no such file or folder/),
    ]);
    mkdirSync(at('taken'));
    expect(codeOf(() => writeOnnxFile(model, at('taken')))[0]).toBe('IO');
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  test('a link is written through', () => {
    writeFileSync(at('real.onnx'), 'old');
    symlinkSync(at('real.onnx'), at('link.onnx'));
    writeOnnxFile(readOnnx(sumModel()), at('link.onnx'));
    expect(Buffer.compare(readFileSync(at('real.onnx')), sumModel())).toBe(0);
  });

  test('beyond 2 GB one file is refused before a byte of it is written', () => {
    const model = readOnnx(sumModel());
    const draft = new Draft(model.graph);
    const huge = Tensor.lazy('float32', [2 ** 29, 2], () => expect.fail('the weights are not to be read'));
    draft.setInitializer('b', huge);
    const large = withParts(model, { graph: draft.finish() });
    const sink = { write: () => expect.fail('nothing is to be written') };
    expect(codeOf(() => writeOnnxTo(large, sink))).toEqual([
      'INVALID_ARGUMENT',
      expect.stringMatching(/at most 2147483647\. Write it with external data/),
    ]);
  });
});

describe('external data', () => {
  const model = (location: string): Uint8Array =>
    modelProto({
      initializer: [
        {
          name: 'w',
          dims: [2],
          data_type: 1,
          data_location: 1,
          external_data: [{ key: 'location', value: location }],
        },
      ],
      node: [{ op_type: 'Relu', input: ['w'], output: ['y'] }],
      output: [valueInfo('y', 1, [2])],
    });
  const weights = new Uint8Array(Float32Array.of(3, 4).buffer);

  test('is read beside the model, in folders below it, and through links that stay there', () => {
    mkdirSync(at('m'));
    mkdirSync(at('m/sub'));
    writeFileSync(at('m/sub/w.bin'), weights);
    symlinkSync(at('m/sub/w.bin'), at('m/link.bin'));
    for (const location of ['sub/w.bin', 'link.bin', './sub/w.bin']) {
      writeFileSync(at('m/m.onnx'), model(location));
      expect(readOnnxFile(at('m/m.onnx')).graph.initializers.get('w')!.toNumbers()).toEqual([3, 4]);
    }
  });

  test('in a download cache, where model and data are links into one folder, is read', () => {
    mkdirSync(at('blobs'));
    mkdirSync(at('snapshot'));
    writeFileSync(at('blobs/1'), model('m.onnx_data'));
    writeFileSync(at('blobs/2'), weights);
    symlinkSync('../blobs/1', at('snapshot/m.onnx'));
    symlinkSync('../blobs/2', at('snapshot/m.onnx_data'));
    const read = readOnnxFile(at('snapshot/m.onnx'));
    expect(read.graph.initializers.get('w')!.toNumbers()).toEqual([3, 4]);
  });

  test('is refused through a link out of the folder, in no file, in a folder, and when missing', () => {
    mkdirSync(at('m'));
    mkdirSync(at('m-secret'));
    writeFileSync(at('m-secret/w.bin'), weights);
    symlinkSync(at('m-secret/w.bin'), at('m/out.bin'));
    symlinkSync(at('m-secret'), at('m/dir'));
    const reading = (location: string) => {
      writeFileSync(at('m/m.onnx'), model(location));
      return codeOf(() => readOnnxFile(at('m/m.onnx')));
    };
    expect(reading('out.bin')).toEqual(['IO', expect.stringMatching(/outside the folder of the model/)]);
    expect(reading('dir/w.bin')).toEqual(['IO', expect.stringMatching(/outside the folder of the model/)]);
    expect(reading('missing.bin')).toEqual([
      'IO',
      expect.stringMatching(/missing\.bin: cannot read the file/),
    ]);
    expect(reading('../m-secret/w.bin')).toEqual(['FORMAT', expect.stringMatching(/leaves the folder/)]);
    mkdirSync(at('m/folder'));
    expect(reading('folder')).toEqual(['IO', expect.stringMatching(/this is a folder/)]);
  });
});

describe('large files', () => {
  /** A model with one initializer of `size` bytes, left as a hole in a sparse file. */
  function writeSparse(path: string, size: number): void {
    const head = new MessageEncoder()
      .integer(1, 1000)
      .integer(1, size / 1000)
      .integer(2, 2)
      .text(8, 'w');
    const graph = encodeProto('GraphProto', {
      name: 'main',
      node: [{ op_type: 'Relu', input: ['w'], output: ['y'] }],
      output: [valueInfo('y', 2, undefined)],
    });
    const hole = Symbol('hole');
    const length = (n: number): number[] =>
      n < 128 ? [n] : [(n % 128) + 128, ...length(Math.floor(n / 128))];
    const headBytes = head.pieces()[0] as Uint8Array;
    const tensor = [...headBytes, 0x4a, ...length(size)];
    const tensorLength = tensor.length + size;
    const inGraph = [0x2a, ...length(tensorLength)];
    const parts: (number[] | Uint8Array | typeof hole)[] = [
      [0x08, 8, 0x42, 2, 0x10, 17, 0x3a, ...length(inGraph.length + tensorLength + graph.length)],
      inGraph,
      tensor,
      hole,
      graph,
    ];
    const file = openSync(path, 'w');
    let offset = 0;
    for (const part of parts) {
      if (typeof part === 'symbol') offset += size;
      else offset += writeSync(file, Uint8Array.from(part), 0, part.length, offset);
    }
    ftruncateSync(file, offset);
    closeSync(file);
  }

  test('200 MB of weights are opened by reading next to nothing, and a slice of that when asked', () => {
    writeSparse(at('m.onnx'), 200_000_000);
    const disk = fileSource(at('m.onnx'));
    let bytesRead = 0;
    const counted: ByteSource = {
      size: disk.size,
      read(offset, length) {
        bytesRead += length;
        return disk.read(offset, length);
      },
    };
    const model = readOnnx(counted);
    expect(model.graph.initializers.get('w')!.dims).toEqual([1000, 200_000]);
    expect(bytesRead).toBeLessThan(4 * 65536);
    const draft = new Draft(model.graph);
    draft.replace([...draft.nodes][0]!, { op: 'Neg' });
    let written = 0;
    let largest = 0;
    writeOnnxTo(withParts(model, { graph: draft.finish() }), {
      write(piece) {
        written += piece.length;
        largest = Math.max(largest, piece.length);
      },
    });
    expect(written).toBeGreaterThan(200_000_000);
    expect(largest).toBeLessThanOrEqual(4 << 20);
  });

  test('a file that shrinks while it is in use is an IO error, not wrong weights', () => {
    writeSparse(at('m.onnx'), 80_000_000);
    const model = readOnnxFile(at('m.onnx'));
    truncateSync(at('m.onnx'), 1_000_000);
    expect(codeOf(() => model.graph.initializers.get('w')!.bytes())).toEqual([
      'IO',
      expect.stringMatching(/has fewer now/),
    ]);
  });
});

test('what is no file is an IO error with a remedy', () => {
  expect(codeOf(() => readOnnxFile(at('none.onnx')))).toEqual(['IO', expect.stringMatching(/no such file/)]);
  expect(codeOf(() => readOnnxFile(folder))).toEqual(['IO', expect.stringMatching(/this is a folder/)]);
  writeFileSync(at('b.onnx'), '');
  writeFileSync(at('a.onnx'), '');
  expect(codeOf(() => readOnnxFile(folder))[1]).toContain(`such as ${at('a.onnx')}`);
});

test('a pipe is neither read nor replaced', ({ skip }) => {
  skip(spawnSync('mkfifo', [at('pipe')]).status !== 0, 'there is no mkfifo');
  expect(codeOf(() => readOnnxFile(at('pipe')))).toEqual(['IO', expect.stringMatching(/this is a pipe/)]);
  symlinkSync(at('pipe'), at('link'));
  for (const name of ['pipe', 'link'])
    expect(codeOf(() => writeOnnxFile(readOnnx(sumModel()), at(name)))).toEqual([
      'IO',
      expect.stringMatching(/a device, a pipe or a socket/),
    ]);
  expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['link', 'pipe']);
});
