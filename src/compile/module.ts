/**
 * The module of a compiled network: its kernels, and `run`, which walks a list of calls in memory. Nothing in it depends on
 * sizes or weights; these lie in the memory it imports.
 */
import { callBytes } from '../runtime/thread-words.ts';
import type { Callable } from '../wasm/index.ts';
import { i32, i32x4, ModuleBuilder, ops } from '../wasm/index.ts';
import type { Kernel, SharedFunction, Variant } from './kernels/kernel.ts';
import { emitKernel } from './kernels/kernel.ts';
import { emitWork } from './threaded-run.ts';

export interface ModuleOptions {
  readonly variant: Variant;
  /** Imports a shared memory, for several threads; of at most that many pages of 64 KB. */
  readonly sharedPages?: number;
}

export { callBytes };

/**
 * Imports `octavo.memory`. Exports `run(list, calls)`, `call(kernel, header, from, to)` for one kernel by its place in
 * `kernels`, with a shared memory `work`, which is `run` for several threads at once, and, in the relaxed variant, `exact()`:
 * 1 where the machine's relaxed dot product is the exact one.
 */
export function assembleModule(
  kernels: readonly Kernel[],
  { variant, sharedPages }: ModuleOptions,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const limits =
    sharedPages === undefined ? { minimum: 1 } : { minimum: 1, maximum: sharedPages, shared: true };
  module.memory(limits, ['octavo', 'memory']);
  const known = new Map<string, Callable>();
  const shared = (wanted: SharedFunction): Callable => {
    const defined = known.get(wanted.name) ?? wanted.define(module, shared);
    known.set(wanted.name, defined);
    return defined;
  };
  for (const [place, kernel] of kernels.entries()) {
    const index = module.tableIndex(emitKernel(module, kernel, variant, shared));
    if (index !== place) throw new RangeError(`kernel ${kernel.name} is listed twice`);
  }
  emitRun(module);
  if (sharedPages !== undefined) emitWork(module);
  if (variant === 'relaxed') emitProbe(module);
  return module.finish();
}

const kernelSignature = { params: ['i32', 'i32', 'i32'], result: 'none' } as const;

function emitRun(module: ModuleBuilder): void {
  const { i32: I } = ops;
  module.function('run', { params: ['i32', 'i32'], result: 'none', exported: true }, (f, list, calls) => {
    f.while(calls, () => {
      f.do(module.callIndirect(kernelSignature, I.load(list), I.load(list, 4), i32(0), I.load(list, 8)));
      f.set(list, I.add(list, i32(callBytes)));
      f.set(calls, I.sub(calls, i32(1)));
    });
  });
  module.function(
    'call',
    { params: ['i32', 'i32', 'i32', 'i32'], result: 'none', exported: true },
    (f, place, header, from, to) => f.do(module.callIndirect(kernelSignature, place, header, from, to)),
  );
}

/** Four products of 255 and 127: 129540. Machines that saturate pairs, or take both for signed, give something else. */
function emitProbe(module: ModuleBuilder): void {
  module.function('exact', { params: ['i32'], result: 'i32', exported: true }, (f, seed) => {
    // From a parameter, so that the compiler's own folding is not what is asked.
    const x = f.let(ops.i8x16.splat(ops.i32.or(seed, i32(0xff))));
    const w = f.let(ops.i8x16.splat(ops.i32.or(seed, i32(0x7f))));
    const dot = ops.i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, i32x4(0));
    f.return(ops.i32.eq(ops.i32x4.extract_lane(dot, 0), i32(129540)));
  });
}
