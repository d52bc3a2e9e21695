/** What goes into a compiled model and comes out of it: typed arrays with dims, moved between the caller's order and memory's. */
import { elementBytes } from './check-manifest.ts';
import { RuntimeError } from './errors.ts';
import type { ImageLike } from './image-input.ts';
import { isImage, writeImage } from './image-input.ts';
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

export type Given = TensorLike | TensorData | Uint8ClampedArray | ImageLike;

/** Throws INPUT where type or number of elements differ, or the dims do. */
export function writeInput(memory: ArrayBufferLike, port: CompiledPort, given: Given): void {
  if (typeof given === 'object' && given !== null && isImage(given)) writeImage(memory, port, given);
  else writeElements(memory, port, given);
}

function writeElements(memory: ArrayBufferLike, port: CompiledPort, given: unknown): void {
  const { dtype } = port;
  // Numbers are only moved: which kind of array it is does not matter.
  const from = elementsOf(port, given) as Uint8Array;
  const store = viewOf(memory, dtype) as Uint8Array;
  // Codes of int8 lie 128 higher: the sign bit turned round.
  const flip = dtype === 'int8' ? 0x80 : 0;
  eachRun(port, (at, start, length, step) => {
    if (flip !== 0) for (let i = 0; i < length; i++) store[at + i * step] = from[start + i]! ^ flip;
    else if (step === 1) store.set(from.subarray(start, start + length), at);
    else for (let i = 0; i < length; i++) store[at + i * step] = from[start + i]!;
  });
}

function elementsOf(port: CompiledPort, given: unknown): ArrayLike<number | bigint> {
  const { dtype, dims } = port;
  const isData = ArrayBuffer.isView(given);
  const { data, dims: own } = isData ? { data: given, dims } : ((given ?? {}) as Partial<TensorLike>);
  const fits = data instanceof arrays[dtype] || (dtype === 'uint8' && data instanceof Uint8ClampedArray);
  if (!fits) throw unfit(port, `it is ${kindOf(data ?? given)}`);
  const count = dims.reduce((n, d) => n * d, 1);
  if (data.length !== count) throw unfit(port, `it has ${data.length} elements, not ${count}`);
  if (!Array.isArray(own)) throw unfit(port, 'it has no dims');
  if (own.length !== dims.length || own.some((d, i) => d !== dims[i]))
    throw unfit(port, `it has the shape [${own.map(String).join(', ')}]`);
  return data;
}

function unfit({ name, dtype, dims }: CompiledPort, what: string): RuntimeError {
  const array = arrays[dtype].name;
  const remedy = `Give ${array.startsWith('I') ? 'an' : 'a'} ${array} of [${dims.join(', ')}]`;
  return new RuntimeError('INPUT', `input '${name}'`, what, remedy);
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return `of the type ${(value.constructor as { name?: string } | undefined)?.name ?? 'object'}`;
}

export function readOutput(memory: ArrayBufferLike, port: CompiledPort): OutputTensor {
  const { dtype, dims, codes } = port;
  const count = dims.reduce((n, d) => n * d, 1);
  const data = new (arrays[dtype] as new (length: number) => Uint8Array)(count);
  const store = viewOf(memory, dtype) as Uint8Array;
  const flip = dtype === 'int8' ? 0x80 : 0;
  eachRun(port, (at, start, length, step) => {
    if (flip !== 0) for (let i = 0; i < length; i++) data[start + i] = store[at + i * step]! ^ flip;
    else if (step === 1) data.set(store.subarray(at, at + length), start);
    else for (let i = 0; i < length; i++) data[start + i] = store[at + i * step]!;
  });
  return { type: dtype, dims, data, ...(codes === undefined ? {} : { codes }) };
}

/** Runs along the last axes, as many as lie evenly: index in memory, index in the caller's order, elements, step in memory. */
function eachRun(
  { dtype, dims, at, strides }: CompiledPort,
  run: (at: number, from: number, length: number, step: number) => void,
): void {
  const bytes = elementBytes[dtype];
  const steps = strides.map((s) => s / bytes);
  let length = dims.at(-1) ?? 1;
  let inner = Math.max(0, dims.length - 1);
  for (; inner > 0 && steps[inner - 1] === length * steps.at(-1)!; inner--) length *= dims[inner - 1]!;
  const outer = dims.slice(0, inner);
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
