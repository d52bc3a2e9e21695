/**
 * What a kernel is: one function of WebAssembly, generic by parameters that lie in a header in memory, so that a module holds
 * each kernel once however many layers call it. A call does the units [from, to) of its work; units can go to threads.
 */
import type { Callable, Expression, FunctionBody, Local, ModuleBuilder } from '../../wasm/index.ts';
import { ops } from '../../wasm/index.ts';

/**
 * `relaxed` has the exact dot product of u8 and s8 (relaxed SIMD, where a probe says that the machine computes it so);
 * `baseline` has the SIMD of every engine. Both give the same bits.
 */
export type Variant = 'relaxed' | 'baseline';

/** Addresses, sizes and strides in bytes are i32; factors are f32 or f64. */
export type FieldType = 'i32' | 'f32' | 'f64';
export type Fields = Readonly<Record<string, FieldType>>;

/** A function that several kernels call, e.g. exp: in the module once, if one of them is. */
export interface SharedFunction {
  readonly name: string;
  define(module: ModuleBuilder, shared: (other: SharedFunction) => Callable): Callable;
}

export interface KernelBody<F extends Fields> {
  readonly f: FunctionBody;
  readonly variant: Variant;
  /** The parameters, loaded at entry. */
  readonly p: { readonly [K in keyof F]: Local<F[K]> };
  /** The first unit, and the one behind the last. */
  readonly from: Local<'i32'>;
  readonly to: Local<'i32'>;
  shared(wanted: SharedFunction): Callable;
}

export interface Kernel<F extends Fields = Fields> {
  /** Unique; what profiles and disassemblies show. */
  readonly name: string;
  /** In the order of the header; each at a multiple of its size. */
  readonly fields: F;
  /** The variant it is for; in the other it does nothing, and threads pass its calls over. */
  readonly onlyIn?: Variant;
  emit(body: KernelBody<F>): void;
}

/** Types a declaration by its own fields. */
export function kernel<const F extends Fields>(declaration: Kernel<F>): Kernel<F> {
  return declaration;
}

const sizes = { i32: 4, f32: 4, f64: 8 } as const;

interface Placed {
  readonly name: string;
  readonly type: FieldType;
  readonly offset: number;
}

/** Where each parameter lies in the header, and how long that is (a multiple of 16). */
export function headerLayout(fields: Fields): { readonly placed: readonly Placed[]; readonly bytes: number } {
  let at = 0;
  const placed = Object.entries(fields).map(([name, type]) => {
    const offset = Math.ceil(at / sizes[type]) * sizes[type];
    at = offset + sizes[type];
    return { name, type, offset };
  });
  return { placed, bytes: Math.ceil(at / 16) * 16 };
}

/** Writes a header. Throws RangeError on a parameter that is missing or no number of its type. */
export function writeHeader(
  { name: kernelName, fields }: Kernel,
  values: Readonly<Record<string, number>>,
): Uint8Array {
  const { placed, bytes } = headerLayout(fields);
  const view = new DataView(new ArrayBuffer(bytes));
  for (const { name, type, offset } of placed) {
    const value = values[name];
    if (value === undefined || Number.isNaN(value) || (type === 'i32' && !isWord(value)))
      throw new RangeError(`kernel ${kernelName}: ${name} is ${value}`);
    if (type === 'i32') view.setInt32(offset, value, true);
    else if (type === 'f32') view.setFloat32(offset, value, true);
    else view.setFloat64(offset, value, true);
  }
  return new Uint8Array(view.buffer);
}

function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32;
}

/** The kernel as a function (header, from, to) of the module. */
export function emitKernel(
  module: ModuleBuilder,
  { name, fields, onlyIn, emit }: Kernel,
  variant: Variant,
  shared: (wanted: SharedFunction) => Callable,
): Callable<readonly ['i32', 'i32', 'i32'], 'none'> {
  const signature = { params: ['i32', 'i32', 'i32'], result: 'none' } as const;
  return module.function(name, signature, (f, header, from, to) => {
    if (onlyIn !== undefined && onlyIn !== variant) return;
    const p = Object.fromEntries(
      headerLayout(fields).placed.map(({ name, type, offset }) => [
        name,
        f.let(ops[type].load(header, offset) as Expression<FieldType>),
      ]),
    );
    emit({ f, variant, p, from, to, shared });
  });
}
