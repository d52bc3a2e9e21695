/** What goes into a compiled model and comes out of it: typed arrays with dims, moved between the caller's order and memory's. */
import { elementBytes } from './check-manifest.ts';
import { RuntimeError } from './errors.ts';
import type { CompiledPort, ElementType } from './manifest.ts';

interface ArrayOf {
  float32: Float32Array;
  uint8: Uint8Array;
  int8: Int8Array;
  bool: Uint8Array;
  int64: BigInt64Array;
  int32: Int32Array;
}

export type TensorData = ArrayOf[ElementType];

/** The shape onnxruntime's tensors have, so that either can be handed in. */
export interface TensorLike {
  readonly dims: readonly number[];
  readonly data: TensorData | Uint8ClampedArray;
}

export interface OutputTensor extends TensorLike {
  readonly type: ElementType;
  readonly data: TensorData;
  /** Of codes: real = scale * (code - zeroPoint). */
  readonly codes?: { readonly scale: number; readonly zeroPoint: number };
}

const arrays = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
  int64: BigInt64Array,
  int32: Int32Array,
} as const;

function viewOf(memory: ArrayBufferLike, dtype: ElementType): TensorData {
  const whole = Math.floor(memory.byteLength / elementBytes[dtype]);
  return new (arrays[dtype] as new (buffer: ArrayBufferLike, at: number, length: number) => TensorData)(
    memory,
    0,
    whole,
  );
}

/** Throws INPUT where type or number of elements differ, or the dims do. */
export function writeInput(
  memory: ArrayBufferLike,
  port: CompiledPort,
  given: TensorLike | TensorData,
): void {
  const data = ArrayBuffer.isView(given) ? (given as TensorData) : given.data;
  const where = `input '${port.name}'`;
  const remedy = `Give a ${arrays[port.dtype].name} of [${port.dims.join(', ')}]`;
  const kind = (data as { constructor?: { name?: string } } | undefined)?.constructor?.name;
  const fits =
    data instanceof arrays[port.dtype] || (port.dtype === 'uint8' && data instanceof Uint8ClampedArray);
  if (!fits) throw new RuntimeError('INPUT', where, `it is a ${kind ?? String(data)}`, remedy);
  const count = port.dims.reduce((n, d) => n * d, 1);
  if (data.length !== count)
    throw new RuntimeError('INPUT', where, `it has ${data.length} elements, not ${count}`, remedy);
  if (!ArrayBuffer.isView(given)) {
    const { dims } = given as TensorLike;
    if (dims.length !== port.dims.length || dims.some((d, i) => d !== port.dims[i]))
      throw new RuntimeError('INPUT', where, `it has the shape [${dims.join(', ')}]`, remedy);
  }
  const store = viewOf(memory, port.dtype);
  // Codes of int8 lie 128 higher: the sign bit turned round.
  const flip = port.dtype === 'int8' ? 0x80 : 0;
  eachRun(port, (at, from, length, step) => {
    if (step === 1 && flip === 0)
      (store as Uint8Array).set((data as Uint8Array).subarray(from, from + length), at);
    else
      for (let i = 0; i < length; i++)
        (store as Uint8Array)[at + i * step] = (
          flip === 0 ? data[from + i]! : (data[from + i] as number) ^ flip
        ) as number;
  });
}

export function readOutput(memory: ArrayBufferLike, port: CompiledPort): OutputTensor {
  const count = port.dims.reduce((n, d) => n * d, 1);
  const data = new (arrays[port.dtype] as new (length: number) => TensorData)(count);
  const store = viewOf(memory, port.dtype);
  const flip = port.dtype === 'int8' ? 0x80 : 0;
  eachRun(port, (at, from, length, step) => {
    for (let i = 0; i < length; i++)
      (data as Uint8Array)[from + i] = (
        flip === 0 ? store[at + i * step]! : (store[at + i * step] as number) ^ flip
      ) as number;
  });
  return {
    type: port.dtype,
    dims: port.dims,
    data,
    ...(port.codes === undefined ? {} : { codes: port.codes }),
  };
}

/** Runs along the last axis: index in memory, index in the caller's order, elements, step in memory. */
function eachRun(
  { dtype, dims, at, strides }: CompiledPort,
  run: (at: number, from: number, length: number, step: number) => void,
): void {
  const bytes = elementBytes[dtype];
  const steps = strides.map((s) => s / bytes);
  const length = dims.at(-1) ?? 1;
  const outer = dims.slice(0, -1);
  const total = outer.reduce((n, d) => n * d, 1);
  if (length === 0) return;
  const index = outer.map(() => 0);
  for (let i = 0, place = at / bytes; i < total; i++) {
    run(place, i * length, length, steps.at(-1) ?? 1);
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      place += steps[axis]!;
      if (++index[axis]! < outer[axis]!) break;
      place -= steps[axis]! * outer[axis]!;
      index[axis] = 0;
    }
  }
}
