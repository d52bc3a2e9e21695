// One node lowered, put into memory and run, on views of any layout: what it leaves is compared with the reference.

import type { Kernel, Variant } from '../../src/compile/kernels/kernel.ts';
import { writeHeader } from '../../src/compile/kernels/kernel.ts';
import { loweringOf } from '../../src/compile/lowering/index.ts';
import { denseStrides, elementBytes } from '../../src/compile/lowering/loops.ts';
import type { Address, Halo, LowerContext, StoredCodes, View } from '../../src/compile/lowering/lowering.ts';
import { assembleModule } from '../../src/compile/module.ts';
import type { Attribute, DType, Node, QuantParams } from '../../src/ir/index.ts';
import { Tensor } from '../../src/ir/index.ts';
import { walk } from '../../src/ops/broadcast.ts';
import { referenceOf, referenceOnCodes } from '../../src/ops/index.ts';
import type { KernelCase } from './kernel-case.ts';

/** `last`: as images are for convolutions, with room for eight channels and a border; `narrow`: with room for four. */
export type TestLayout = 'dense' | 'last' | 'narrow';

export interface TestValue {
  readonly tensor: Tensor;
  readonly quant?: QuantParams;
  readonly layout?: TestLayout;
  /** Known while compiling. */
  readonly constant?: boolean;
}

export interface TestNode {
  readonly op: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly inputs: readonly (TestValue | undefined)[];
  /** Parallel to the outputs; default one float, dense. */
  readonly outputs?: readonly { readonly quant?: QuantParams; readonly layout?: TestLayout }[];
  readonly opset?: number;
}

export interface Ran {
  readonly expected: readonly Tensor[];
  readonly actual: readonly Tensor[];
  /** Kernels in the order they were called in. */
  readonly kernels: readonly string[];
}

interface Call {
  readonly kernel: Kernel;
  readonly params: Readonly<Record<string, number | Address>>;
  readonly units: number;
}

export interface Lowered {
  readonly expected: readonly Tensor[];
  readonly calls: readonly Call[];
  readonly memory: TestMemory;
  readonly outputs: readonly View[];
}

/** Throws an Error of what the lowering refuses. */
export function lowerNode(test: TestNode): Lowered {
  const { inputs, outputs = [{}], opset = 13 } = test;
  const node: Node = {
    name: 'tested',
    op: test.op,
    domain: '',
    inputs: inputs.map((value, i) => (value === undefined ? '' : `in${i}`)),
    outputs: outputs.map((_, i) => `out${i}`),
    attributes: new Map(Object.entries(test.attributes ?? {})),
  };
  const expected = expectedOf(node, opset, test);
  const memory = new TestMemory();
  const constant = (i: number): Tensor | undefined => (inputs[i]?.constant ? inputs[i].tensor : undefined);
  const lowering = loweringOf(node);
  if (lowering === undefined) throw new Error(`${test.op} has no lowering`);
  const halo = lowering.halo?.({ node, opset, inputs: inputs.map((v) => v?.tensor.dims), constant });
  const inputViews = inputs.map(
    (v, i) => v && memory.view(v.tensor.dtype, v.tensor.dims, v.quant, v.layout, i === 0 ? halo : undefined),
  );
  for (const [i, view] of inputViews.entries()) if (view) memory.write(view, inputs[i]!.tensor);
  const outputViews = expected.map((t, i) =>
    memory.view(t.dtype, t.dims, outputs[i]!.quant, outputs[i]!.layout),
  );
  const calls: Call[] = [];
  const context: LowerContext = {
    node,
    opset,
    inputCount: inputs.length,
    has: (i) => inputs[i] !== undefined,
    input: (i) => inputViews[i]!,
    constant,
    inputQuant: (i) => inputs[i]?.quant,
    outputQuant: (i) => outputs[i]?.quant,
    output: (i) => outputViews[i]!,
    constants: (bytes, alignment = 16) => memory.constants(bytes, alignment),
    scratch: (bytes) => memory.room(bytes),
    call: (kernel, params, units) => calls.push({ kernel: kernel as unknown as Kernel, params, units }),
    refuse: (what) => {
      throw new Error(`refused: ${what}`);
    },
  };
  lowering.lower(context);
  for (const view of outputViews) memory.freeChannels(view);
  return { expected, calls, memory, outputs: outputViews };
}

function expectedOf(node: Node, opset: number, { inputs, outputs = [{}] }: TestNode): readonly Tensor[] {
  const context = {
    node,
    opset,
    inputs: inputs.map((v) => v?.tensor),
    inputQuant: inputs.map((v) => v?.quant),
    outputQuant: outputs.map((o) => o.quant),
    runBody: () => {
      throw new Error('no bodies here');
    },
  };
  const onCodes = [...context.inputQuant, ...context.outputQuant].some((q) => q !== undefined);
  return onCodes ? referenceOnCodes(context) : referenceOf(node)(context);
}

/** `split` cuts every call's units in two there (a share of them), as threads would. */
export function runLowered(test: TestNode, split = 0.4, variant: Variant = 'baseline'): Ran {
  const { expected, calls, memory, outputs } = lowerNode(test);
  const before = memory.snapshot();
  const after = execute(memory, calls, split, variant);
  checkUntouched(before, after, memory, outputs);
  return {
    expected,
    actual: outputs.map((view, i) => memory.read(after, view, expected[i]!.dtype)),
    kernels: calls.map((c) => c.kernel.name),
  };
}

/** A node that is lowered to a single call, of that kernel, as a case of it: what it must leave is the reference's. */
export function caseOfNode(
  name: string,
  kernel: { readonly name: string } | undefined,
  test: TestNode,
): KernelCase {
  const { expected, calls, memory, outputs } = lowerNode(test);
  const [call] = calls;
  if (calls.length !== 1 || (kernel !== undefined && call!.kernel.name !== kernel.name))
    throw new Error(
      `${name} is lowered to ${calls.map((c) => c.kernel.name).join(', ')}, not ${kernel?.name ?? 'a single kernel'}`,
    );
  const input = memory.snapshot();
  for (const [i, view] of outputs.entries()) memory.write(view, expected[i]!);
  const wanted = memory.snapshot();
  const floats = expected.some((t) => t.dtype === 'float32');
  return {
    name,
    kernel: call!.kernel,
    params: addressed(call!.params),
    units: call!.units,
    memory: input,
    expected: outputs.flatMap((view) =>
      runsOf(view).map(([at, bytes]) => ({ at, bytes: wanted.slice(at, at + bytes), floats })),
    ),
    scribbled: memory.free.map(([start, end]) => ({ at: start, bytes: end - start })),
  };
}

/** Places and lengths of what lies together, in bytes. */
function runsOf(view: View): readonly (readonly [at: number, bytes: number])[] {
  const bytes = elementBytes(view.element);
  const runs: [number, number][] = [];
  for (const place of placesOf(view).toSorted()) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === place) last[1] += bytes;
    else runs.push([place, bytes]);
  }
  return runs;
}

function addressed(params: Call['params']): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(params).map(([k, v]) => [k, typeof v === 'number' ? v : v.offset]),
  );
}

function execute(memory: TestMemory, calls: readonly Call[], split: number, variant: Variant): Uint8Array {
  const kernels = [...new Set(calls.map((c) => c.kernel))];
  const headers = calls.map((c) => {
    return memory.constants(writeHeader(c.kernel, addressed(c.params)), 16).offset;
  });
  const bytes = memory.snapshot();
  const imported = new WebAssembly.Memory({ initial: Math.ceil(bytes.length / 65536) });
  new Uint8Array(imported.buffer).set(bytes);
  const module = new WebAssembly.Module(assembleModule(kernels, { variant }));
  const { exports } = new WebAssembly.Instance(module, { octavo: { memory: imported } });
  const run = exports.call as (...args: number[]) => void;
  for (const [i, { kernel, units }] of calls.entries()) {
    const middle = Math.floor(units * split);
    run(kernels.indexOf(kernel), headers[i]!, middle, units);
    run(kernels.indexOf(kernel), headers[i]!, 0, middle);
  }
  return new Uint8Array(imported.buffer, 0, bytes.length);
}

/** Everything in one piece of memory, filled with bytes that are no zeros. */
class TestMemory {
  #bytes = new Uint8Array(1 << 12).fill(0xa5);
  #at = 1024;
  /** Room that calls may write to as they like. */
  readonly free: (readonly [number, number])[] = [];

  #take(bytes: number, alignment: number): number {
    const at = Math.ceil(this.#at / alignment) * alignment;
    this.#at = at + bytes + 64;
    while (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2).fill(0xa5);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }

  room(bytes: number): Address {
    const offset = this.#take(bytes, 16);
    this.free.push([offset, offset + bytes]);
    return { space: 'arena', block: 0, offset };
  }

  constants(bytes: Uint8Array, alignment: number): Address {
    const offset = this.#take(bytes.length, alignment);
    this.#bytes.set(bytes, offset);
    return { space: 'arena', block: 0, offset };
  }

  view(
    dtype: DType,
    dims: readonly number[],
    quant?: QuantParams,
    layout: TestLayout = 'dense',
    halo?: Halo,
  ): View {
    const element = elementOf(dtype);
    const bytes = elementBytes(element);
    const codes = quant && storedCodes(quant);
    const count = dims.reduce((a, b) => a * b, 1);
    if (layout === 'dense' || dims.length < 3 || dims.length > 4) {
      const offset = this.#take(count * bytes, 16);
      return { at: at(offset), dims, strides: denseStrides(dims, bytes), element, codes };
    }
    const [n, c, ...spatial] = dims as [number, number, ...number[]];
    const unit = layout === 'narrow' ? 4 : 8;
    const pixel = Math.ceil(c / unit) * unit * bytes;
    // More of a border than was asked for: what lies beyond is not to be touched.
    const before = halo === undefined ? [1, 1] : [halo.top, halo.left];
    const behind = halo === undefined ? [2, 2] : [halo.bottom + 1, halo.right + 1];
    const [begin, end] = [before, behind].map((list) => list.slice(2 - spatial.length));
    const padded = spatial.map((d, a) => begin![a]! + d + end![a]!);
    const strides = denseStrides(padded, pixel);
    const image = padded.reduce((a, b) => a * b, pixel);
    const start = this.#take(n * image, 16);
    if (halo !== undefined) {
      this.#bytes.fill(codes!.zero, start, start + n * image);
      for (let at = start; at < start + n * image; at += pixel) this.#bytes.fill(0xa5, at + c, at + pixel);
    }
    const offset = start + strides.reduce((sum, s, a) => sum + s * begin![a]!, 0);
    return { at: at(offset), dims, strides: [image, bytes, ...strides], element, codes };
  }

  /** Behind the channels of a pixel there is room for eight, or for four, which the kernel that writes the pixel may fill. */
  freeChannels(view: View): void {
    const [channels, pixel] = [view.dims[1]!, view.strides.at(-1)!];
    const room = Math.min(pixel, Math.ceil(channels / 8) * 8);
    if (view.dims.length < 3 || view.strides[1] !== 1 || room <= channels) return;
    for (const place of placesOf({ ...view, dims: view.dims.with(1, 1) }))
      this.free.push([place + channels, place + room]);
  }

  write(view: View, tensor: Tensor): void {
    const bytes = elementBytes(view.element);
    const source = tensor.bytes();
    const flip = tensor.dtype === 'int8' ? 0x80 : 0;
    for (const [i, place] of placesOf(view).entries())
      for (let k = 0; k < bytes; k++) this.#bytes[place + k] = source[i * bytes + k]! ^ flip;
  }

  read(memory: Uint8Array, view: View, dtype: DType): Tensor {
    const bytes = elementBytes(view.element);
    const places = placesOf(view);
    const out = new Uint8Array(places.length * bytes);
    const flip = dtype === 'int8' ? 0x80 : 0;
    for (const [i, place] of places.entries())
      for (let k = 0; k < bytes; k++) out[i * bytes + k] = memory[place + k]! ^ flip;
    return Tensor.lazy(dtype, view.dims, () => out);
  }

  snapshot(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}

function at(offset: number): Address {
  return { space: 'arena', block: 0, offset };
}

function placesOf({ at, dims, strides }: View): Int32Array {
  return walk(dims, strides, at.offset);
}

function checkUntouched(
  before: Uint8Array,
  after: Uint8Array,
  memory: TestMemory,
  outputs: readonly View[],
): void {
  const free = new Uint8Array(after.length);
  for (const [start, end] of memory.free) free.fill(1, start, end);
  for (const view of outputs)
    for (const place of placesOf(view)) free.fill(1, place, place + elementBytes(view.element));
  for (let i = 0; i < before.length; i++)
    if (before[i] !== after[i] && free[i] === 0)
      throw new Error(`byte ${i} is not the node's, but was changed`);
}

function elementOf(dtype: DType): View['element'] {
  return dtype === 'float32' ? 'f32' : dtype === 'int64' ? 'i64' : 'u8';
}

function storedCodes({ dtype, scales, zeroPoints }: QuantParams): StoredCodes {
  return { scale: scales[0]!, zero: zeroPoints[0]! + (dtype === 'int8' ? 128 : 0) };
}

/** What differs first, or undefined: bytes, but any NaN is as good as another. */
export function firstDifference({ expected, actual }: Ran): string | undefined {
  for (const [i, tensor] of expected.entries()) {
    const [want, got] = [tensor, actual[i]!];
    const [a, b] = [want.toNumbers(), got.toNumbers()];
    const at = a.findIndex((x, k) => !Object.is(x, b[k]));
    if (at >= 0) return `output ${i} [${want.dims.join()}], element ${at}: ${b[at]}, not ${a[at]}`;
  }
  return undefined;
}
