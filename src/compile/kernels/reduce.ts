/** Reductions of float32 groups: in doubles, in the order of the elements, rounded once; and places of the largest. */
import type { Local } from '../../wasm/index.ts';
import { f64, i32, ops, select } from '../../wasm/index.ts';
import { chosenOf, eachElement, larger, smaller, sumOf } from './float-groups.ts';
import { exp } from './functions/exp.ts';
import { ln } from './functions/ln.ts';
import type { CallReal, Real, RealLocal } from './functions/real-function.ts';
import { realCalls } from './functions/real-function.ts';
import type { Kernel, KernelBody } from './kernel.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, inGroups, rowFields } from './rows.ts';

const { f32: S, f64: D, i32: I, i64: L } = ops;

const fields = { ...rowFields('source', 'target'), count: 'i32', step: 'i32' } as const;

export type ReduceKernel = Kernel<typeof fields>;

type Group = Parameters<typeof sumOf>[1];
type Fold = (f: KernelBody<typeof fields>['f'], group: Group, callReal: CallReal) => Real;

function reduction(name: string, fold: Fold): ReduceKernel {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      eachRow(body, ['source', 'target'], (at) => {
        const group = { at: at.source, count: p.count, step: p.step };
        f.do(S.store(at.target, S.demote_f64(fold(f, group, realCalls(body.shared)))));
      });
    },
  });
}

const plainSum: Fold = (f, group) => sumOf(f, group, (x) => x);
const squares: Fold = (f, group) => sumOf(f, group, (x) => D.mul(x, x));
const isNumber = (x: RealLocal) => D.eq(x, x);

export const reduceSum = reduction('reduce-sum', plainSum);
export const reduceMean = reduction('reduce-mean', (f, group, callReal) =>
  D.div(plainSum(f, group, callReal), D.convert_i32_s(group.count)),
);
export const reduceL1 = reduction('reduce-l1', (f, group) => sumOf(f, group, (x) => D.abs(x)));
export const reduceL2 = reduction('reduce-l2', (f, group, callReal) => D.sqrt(squares(f, group, callReal)));
export const reduceSumSquare = reduction('reduce-sum-square', squares);
export const reduceLogSum = reduction('reduce-log-sum', (f, group, callReal) =>
  callReal(ln, plainSum(f, group, callReal)),
);
export const reduceLogSumExp = reduction('reduce-log-sum-exp', (f, group, callReal) => {
  const max = chosenOf(f, group, larger);
  // Infinities and NaN are what they are.
  const result = f.let(max);
  f.if(D.lt(D.abs(max), f64(Number.POSITIVE_INFINITY)), () => {
    const sum = sumOf(f, group, (x) => callReal(exp, D.sub(x, max)));
    f.set(result, D.add(max, callReal(ln, sum)));
  });
  return result;
});
export const reduceProd = reduction('reduce-prod', (f, group) => {
  const product = f.let<'f64'>(f64(1));
  eachElement(f, group, (x) => f.set(product, D.mul(product, x)));
  return product;
});
export const reduceMax = reduction('reduce-max', (f, group) => chosenOf(f, group, larger));
export const reduceMin = reduction('reduce-min', (f, group) => chosenOf(f, group, smaller));
/** Of zeros of both signs the first: what pools take. */
export const poolPlane = reduction('pool-plane', (f, group) => {
  const best = f.let<'f64'>(f64(Number.NEGATIVE_INFINITY));
  eachElement(f, group, (x) => {
    const wins = I.or(D.gt(x, best), I.and(D.ne(x, x), isNumber(best)));
    f.set(best, select<'f64'>(x, best, wins));
  });
  return best;
});

/** Index of the largest as i64: of equals the first, or the last; NaN is above everything. */
function argument(name: string, { least, last }: { least: boolean; last: boolean }): ReduceKernel {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      const [best, x] = [f.local('f64'), f.local('f64')];
      const above = (a: RealLocal, b: RealLocal) => I.or(D.gt(a, b), I.and(D.ne(a, a), isNumber(b)));
      const wins = (a: RealLocal, b: RealLocal) => (least ? above(b, a) : above(a, b));
      eachRow(body, ['source', 'target'], (at) => {
        const source = f.let(at.source);
        const [index, place]: readonly Local<'i32'>[] = [f.let<'i32'>(i32(0)), f.let<'i32'>(i32(0))];
        f.set(best, D.promote_f32(S.load(source)));
        inGroups(f, I.sub(p.count, i32(1)), [1], () => {
          advance(f, source, p.step);
          advance(f, place!, 1);
          f.set(x, D.promote_f32(S.load(source)));
          f.if(last ? I.eqz(wins(best, x)) : wins(x, best), () => {
            f.set(best, x);
            f.set(index!, place!);
          });
        });
        f.do(L.store(at.target, L.extend_i32_u(index!)));
      });
    },
  });
}

export const argMax = argument('arg-max', { least: false, last: false });
export const argMin = argument('arg-min', { least: true, last: false });
export const argMaxLast = argument('arg-max-last', { least: false, last: true });
export const argMinLast = argument('arg-min-last', { least: true, last: true });
