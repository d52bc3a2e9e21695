/**
 * What this machine's dot products reach when nothing else is in their way: twelve sums that do not wait for each other, all operands in
 * registers. Kernels are measured against it.
 */
import { i32, i32x4, ModuleBuilder, ops } from '../wasm/index.ts';
import type { Variant } from './kernels/kernel.ts';

const sums = 12;

/** Multiply-accumulates of one round of the loop. */
const macsPerRound = { relaxed: sums * 16, baseline: sums * 8 } as const;

/** Exports `spin(rounds)`, which gives a number that depends on all sums. */
function limitModule(variant: Variant): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const { i32: I, i32x4: X } = ops;
  module.function('spin', { params: ['i32'], result: 'i32', exported: true }, (f, rounds) => {
    const totals = Array.from({ length: sums }, (_, i) => f.let(X.splat(I.add(rounds, i32(i)))));
    const left = f.let(X.splat(I.add(rounds, i32(3))));
    const right = f.let(X.splat(I.add(rounds, i32(5))));
    f.while(rounds, () => {
      for (const total of totals)
        f.set(
          total,
          variant === 'relaxed'
            ? X.relaxed_dot_i8x16_i7x16_add_s(left, right, total)
            : X.add(total, X.dot_i16x8_s(left, right)),
        );
      f.set(rounds, I.sub(rounds, i32(1)));
    });
    const all = totals.reduce((a, b) => f.let(X.add(a, b)), f.let(i32x4(0)));
    f.return(X.extract_lane(all, 0));
  });
  return module.finish();
}

/** In multiply-accumulates a second: the best of several short runs, so that a busy machine does not lower it. */
export function machineLimit(variant: Variant): number {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(limitModule(variant)));
  const spin = instance.exports.spin as (rounds: number) => number;
  const rounds = 200_000;
  spin(rounds);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    spin(rounds);
    best = Math.min(best, performance.now() - start);
  }
  return (rounds * macsPerRound[variant] * 1000) / best;
}
