/** Rows of matrix products of float32: sums in doubles, in the order of the inner axis, rounded once. */
import type { Expression, Local } from '../../wasm/index.ts';
import { f64, f64x2, i32, ops, select } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, inGroups, rowFields } from './rows.ts';

const { f32: S, f64: D, f64x2: DD, f32x4: F, i32: I, v128: V } = ops;

/** Columns computed together: four pairs of doubles. */
const tile = 8;

/**
 * A unit is a row of the result: alpha * (row times matrix) + beta * added. Where alpha is 1 the sum starts from beta * added.
 * Columns of matrix and result lie together.
 */
export const floatProduct = kernel({
  name: 'float-product',
  fields: {
    alpha: 'f64',
    beta: 'f64',
    ...rowFields('left', 'right', 'target', 'added'),
    /** Terms of a sum: `leftStep` bytes apart in the row, `rightStep` in the matrix. */
    inner: 'i32',
    leftStep: 'i32',
    rightStep: 'i32',
    columns: 'i32',
    /** 4, or 0 where all columns have the same added to them. */
    addedStep: 'i32',
  },
  emit(body) {
    const { f, p } = body;
    const late = f.let(D.ne(p.alpha, f64(1)));
    eachRow(body, ['left', 'right', 'target', 'added'], (at) => {
      const [right, target, added] = [f.let(at.right), f.let(at.target), f.let(at.added)];
      const [x, y] = [f.local('i32'), f.local('i32')];
      const terms = (add: (factor: Expression<'f64'>) => void): void => {
        f.set(x, at.left);
        f.set(y, right);
        inGroups(f, p.inner, [1], () => {
          add(D.promote_f32(S.load(x)));
          advance(f, x, p.leftStep);
          advance(f, y, p.rightStep);
        });
      };
      const addedTo = (column: number): Expression<'f64'> =>
        D.mul(p.beta, D.promote_f32(S.load(I.add(added, I.mul(p.addedStep, i32(column))))));
      const many = (): void => {
        const pairs = Array.from({ length: tile / 2 }, (_, i) => i);
        const starts = pairs.map((i) =>
          f.let(DD.replace_lane(DD.splat(addedTo(2 * i)), addedTo(2 * i + 1), 1)),
        );
        const sums = starts.map((start) => f.let(select<'v128'>(f64x2(0), start, late)));
        const factor = f.local('v128');
        terms((one) => {
          f.set(factor, DD.splat(one));
          for (const i of pairs) {
            const values = DD.promote_low_f32x4(V.load64_zero(y, 8 * i));
            f.set(sums[i]!, DD.add(sums[i]!, DD.mul(factor, values)));
          }
        });
        f.if(late, () => {
          for (const i of pairs) f.set(sums[i]!, DD.add(DD.mul(DD.splat(p.alpha), sums[i]!), starts[i]!));
        });
        for (const i of pairs) f.do(V.store64_lane(target, F.demote_f64x2_zero(sums[i]!), 0, 8 * i));
      };
      const one = (): void => {
        const start = f.let(addedTo(0));
        const sum: Local<'f64'> = f.let(select<'f64'>(f64(0), start, late));
        terms((factor) => f.set(sum, D.add(sum, D.mul(factor, D.promote_f32(S.load(y))))));
        f.if(late, () => f.set(sum, D.add(D.mul(p.alpha, sum), start)));
        f.do(S.store(target, S.demote_f64(sum)));
      };
      inGroups(f, p.columns, [tile, 1], (n) => {
        if (n === 1) one();
        else many();
        advance(f, right, 4 * n);
        advance(f, target, 4 * n);
        advance(f, added, I.mul(p.addedStep, i32(n)));
      });
    });
  },
});
