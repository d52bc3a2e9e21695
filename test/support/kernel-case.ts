// One call of a kernel with what it must leave in memory: run by every executor there is (this Node, others, a browser).
import type { Fields, Kernel, Variant } from '../../src/compile/kernels/kernel.ts';
import { writeHeader } from '../../src/compile/kernels/kernel.ts';
import { assembleModule } from '../../src/compile/module.ts';

export interface KernelCase {
  readonly name: string;
  readonly kernel: Kernel;
  readonly params: Readonly<Record<string, number>>;
  readonly units: number;
  readonly memory: Uint8Array;
  /** Bytes the kernel must have left at places; all other memory behind `input` must be as it was. */
  readonly expected: readonly {
    readonly at: number;
    readonly bytes: Uint8Array;
    /** They are float32: any NaN is as good as another, as engines differ in their bits. */
    readonly floats?: boolean;
  }[];
  /** Bytes before and behind results that a kernel may leave anything in: padding of channels. */
  readonly scribbled?: readonly { readonly at: number; readonly bytes: number }[];
}

/** Lays out the memory of a case; filled with bytes that are no zeros, so that a kernel cannot count on them. */
export class CaseMemory {
  #bytes = new Uint8Array(1 << 12).fill(0xa5);
  #at = 1024;

  /** Address of room for so many bytes. */
  room(bytes: number, alignment = 16): number {
    const at = Math.ceil(this.#at / alignment) * alignment;
    this.#at = at + bytes;
    while (this.#at + 64 > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2).fill(0xa5);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }

  place(values: ArrayBufferView, alignment = 16): number {
    const at = this.room(values.byteLength, alignment);
    this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    return at;
  }

  /** Signed bytes that were placed. */
  read(at: number, bytes: number): Int8Array {
    return new Int8Array(this.#bytes.slice(at, at + bytes).buffer);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at + 64);
  }
}

/** Types the parameters by the kernel's own fields. */
export function kernelCase<F extends Fields>(
  kernel: Kernel<F>,
  rest: Omit<KernelCase, 'kernel' | 'params'> & { readonly params: { readonly [K in keyof F]: number } },
): KernelCase {
  return { ...rest, kernel: kernel as unknown as Kernel };
}

/**
 * What is wrong, or undefined. The work is done in two calls, as two threads would have it. A kernel of the other variant must do
 * nothing.
 */
export function runKernelCase(
  { kernel, params, units, memory, ...results }: KernelCase,
  variant: Variant,
): string | undefined {
  const idle = kernel.onlyIn !== undefined && kernel.onlyIn !== variant;
  const { expected, scribbled = [] } = idle ? { expected: [] } : results;
  const header = writeHeader(kernel, params);
  const headerAt = 64;
  const pages = Math.ceil(memory.length / 65536);
  const imported = new WebAssembly.Memory({ initial: pages });
  const module = new WebAssembly.Module(assembleModule([kernel], { variant }));
  const { exports } = new WebAssembly.Instance(module, { octavo: { memory: imported } });
  const bytes = new Uint8Array(imported.buffer);
  bytes.set(memory);
  bytes.set(header, headerAt);
  const before = bytes.slice();
  const call = exports.call as (place: number, header: number, from: number, to: number) => void;
  const half = units >> 1;
  call(0, headerAt, 0, half);
  call(0, headerAt, half, units);
  for (const { at, bytes: wanted, floats = false } of expected)
    for (const [i, want] of wanted.entries())
      if (bytes[at + i] !== want && !(floats && isNaNAt(bytes, at + (i & ~3)) && isNaNAt(wanted, i & ~3)))
        return `byte ${i} of the result at ${at} is ${bytes[at + i]}, not ${want}`;
  const free = new Uint8Array(before.length);
  for (const { at, bytes: wanted } of expected) free.fill(1, at, at + wanted.length);
  for (const { at, bytes: count } of scribbled) free.fill(1, at, at + count);
  for (let i = 0; i < before.length; i++)
    if (bytes[i] !== before[i] && free[i] === 0) return `byte ${i}, which is not the kernel's, was changed`;
  return undefined;
}

function isNaNAt(bytes: Uint8Array, at: number): boolean {
  return Number.isNaN(new DataView(bytes.buffer, bytes.byteOffset).getFloat32(at, true));
}

/** Whether this engine compiles relaxed SIMD and computes the exact dot product; else why not. */
export function relaxedHere(): true | string {
  const bytes = assembleModule([], { variant: 'relaxed' });
  if (!WebAssembly.validate(bytes)) return 'this engine has no relaxed SIMD';
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { octavo: { memory } });
  return (
    (exports.exact as (seed: number) => number)(0) === 1 || 'its relaxed dot product is not the exact one'
  );
}
