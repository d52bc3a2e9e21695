/** Pools of windows of float32: averages of sums in doubles, rounded once, and the largest. */
import type { Local } from '../../wasm/index.ts';
import { f64, i32, ops, select } from '../../wasm/index.ts';
import type { Real, RealLocal } from './functions/real-function.ts';
import type { Kernel, KernelBody } from './kernel.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, inGroups, rowFields } from './rows.ts';

const { f32: S, f64: D, i32: I } = ops;

const fields = {
  /**
   * A unit is a row of results. `down` moves with the rows, `across` with the places in them: two i32, the offset of the first cell on
   * data and how many there are. `counts` holds a double for each place, what its sum is divided by.
   */
  ...rowFields('source', 'target', 'down', 'counts'),
  across: 'i32',
  places: 'i32',
  targetStep: 'i32',
  downStep: 'i32',
  acrossStep: 'i32',
} as const;

export type FloatPoolKernel = Kernel<typeof fields>;

interface Pooling {
  readonly first: number;
  /** `fresh` is 1 at the first cell of a window. */
  add(known: RealLocal, x: RealLocal, fresh: Local<'i32'>): Real;
  finish(known: RealLocal, counts: Local<'i32'>): Real;
}

function pool(name: string, { first, add, finish }: Pooling): FloatPoolKernel {
  return kernel({
    name,
    fields,
    emit(body: KernelBody<typeof fields>) {
      const { f, p } = body;
      const [known, x, fresh] = [f.local('f64'), f.local('f64'), f.local('i32')];
      eachRow(body, ['source', 'target', 'down', 'counts'], (at) => {
        const row = f.let(I.add(at.source, I.load(at.down)));
        const rows = f.let(I.load(at.down, 4));
        const [target, across, counts] = [f.let(at.target), f.let(p.across), f.let(at.counts)];
        inGroups(f, p.places, [1], () => {
          f.set(known, f64(first));
          f.set(fresh, i32(1));
          const line = f.let(I.add(row, I.load(across)));
          inGroups(f, rows, [1], () => {
            const cell = f.let(line);
            inGroups(f, I.load(across, 4), [1], () => {
              f.set(x, D.promote_f32(S.load(cell)));
              f.set(known, add(known, x, fresh));
              f.set(fresh, i32(0));
              advance(f, cell, p.acrossStep);
            });
            advance(f, line, p.downStep);
          });
          f.do(S.store(target, S.demote_f64(finish(known, counts))));
          advance(f, target, p.targetStep);
          advance(f, across, 8);
          advance(f, counts, 8);
        });
      });
    },
  });
}

/** Of equals the first wins, NaN over all; a window of nothing has -Infinity. */
export const maxPoolFloats = pool('max-pool-floats', {
  first: Number.NEGATIVE_INFINITY,
  add(known, x, fresh) {
    const wins = I.or(I.or(D.gt(x, known), fresh), I.and(D.ne(x, x), D.eq(known, known)));
    return select<'f64'>(x, known, wins);
  },
  finish: (known) => known,
});

export const averagePoolFloats = pool('average-pool-floats', {
  first: 0,
  add: (known, x) => D.add(known, x),
  finish: (known, counts) => D.div(known, D.load(counts)),
});
