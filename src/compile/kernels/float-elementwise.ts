/** Two float32 views, element by element with broadcasting: strides of 0 repeat. One rounding an operation. */
import type { Expression, Local } from '../../wasm/index.ts';
import { f64, i32, ops, select } from '../../wasm/index.ts';
import { pow } from './functions/pow.ts';
import type { CallReal } from './functions/real-function.ts';
import { realCalls } from './functions/real-function.ts';
import type { Kernel } from './kernel.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, inGroups, rowFields } from './rows.ts';

const { i32: I, v128: V, f32x4: F, f64: D } = ops;

type Vector = Expression<'v128'>;

const fields = {
  ...rowFields('left', 'right', 'target'),
  count: 'i32',
  leftStep: 'i32',
  rightStep: 'i32',
  targetStep: 'i32',
} as const;

export type BinaryKernel = Kernel<typeof fields>;

/** `combine` must be an expression of its operands alone; it sees four lanes, or one and three to ignore. */
function elementwise(name: string, combine: (a: Local<'v128'>, b: Local<'v128'>) => Vector): BinaryKernel {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      const [a, b] = [f.local('v128'), f.local('v128')];
      eachRow(body, ['left', 'right', 'target'], (at) => {
        const [left, right, target] = [f.let(at.left), f.let(at.right), f.let(at.target)];
        const one = (): void => {
          f.set(a, V.load32_zero(left));
          f.set(b, V.load32_zero(right));
          f.do(V.store32_lane(target, combine(a, b), 0));
          advance(f, left, p.leftStep);
          advance(f, right, p.rightStep);
          advance(f, target, p.targetStep);
        };
        const still = (step: Local<'i32'>): Expression<'i32'> => I.eqz(step);
        const fits = (step: Local<'i32'>): Expression<'i32'> => I.or(I.eq(step, i32(4)), still(step));
        const four = (load: (from: Local<'i32'>, step: Local<'i32'>) => Vector): void => {
          f.set(a, load(left, p.leftStep));
          f.set(b, load(right, p.rightStep));
          f.do(V.store(target, combine(a, b)));
          advance(f, left, I.shl(p.leftStep, i32(2)));
          advance(f, right, I.shl(p.rightStep, i32(2)));
          advance(f, target, 16);
        };
        const together = I.and(I.eq(p.targetStep, i32(4)), I.and(fits(p.leftStep), fits(p.rightStep)));
        f.if(
          together,
          () =>
            f.if(
              I.or(still(p.leftStep), still(p.rightStep)),
              () =>
                inGroups(f, p.count, [4, 1], (n) => {
                  if (n === 1) one();
                  else four((from, step) => select<'v128'>(V.load32_splat(from), V.load(from), still(step)));
                }),
              () => inGroups(f, p.count, [4, 1], (n) => (n === 1 ? one() : four((from) => V.load(from)))),
            ),
          () => inGroups(f, p.count, [1], one),
        );
      });
    },
  });
}

const isNumber = (a: Local<'v128'>): Vector => F.eq(a, a);

export const addFloats = elementwise('add-floats', (a, b) => F.add(a, b));
export const subFloats = elementwise('sub-floats', (a, b) => F.sub(a, b));
export const mulFloats = elementwise('mul-floats', (a, b) => F.mul(a, b));
export const divFloats = elementwise('div-floats', (a, b) => F.div(a, b));
/** NaN wins; of zeros of both signs the second. */
export const maxFloats = elementwise('max-floats', (a, b) =>
  V.bitselect(a, b, V.or(F.gt(a, b), V.not(isNumber(a)))),
);
export const minFloats = elementwise('min-floats', (a, b) =>
  V.bitselect(a, b, V.or(F.lt(a, b), V.not(isNumber(a)))),
);
/** x, or slope x below 0. */
export const preluFloats = elementwise('prelu-floats', (x, slope) =>
  V.bitselect(F.mul(slope, x), x, F.lt(x, V.xor(x, x))),
);

/** x^y in doubles, rounded once; x x for y = 2. */
export const powFloats: BinaryKernel = kernel({
  name: 'pow-floats',
  fields,
  emit(body) {
    const { f, p } = body;
    const callReal: CallReal = realCalls(body.shared);
    eachRow(body, ['left', 'right', 'target'], (at) => {
      const [left, right, target] = [f.let(at.left), f.let(at.right), f.let(at.target)];
      inGroups(f, p.count, [1], () => {
        const x = f.let(D.promote_f32(ops.f32.load(left)));
        const y = f.let(D.promote_f32(ops.f32.load(right)));
        const store = (value: Expression<'f64'>): void =>
          f.do(ops.f32.store(target, ops.f32.demote_f64(value)));
        f.if(
          D.eq(y, f64(2)),
          () => store(D.mul(x, x)),
          () => store(callReal(pow, x, y)),
        );
        advance(f, left, p.leftStep);
        advance(f, right, p.rightStep);
        advance(f, target, p.targetStep);
      });
    });
  },
});
