/** Functions of one float32: four lanes at a time where a single rounding tells the result, else in doubles, rounded once. */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { f32x4, f64, i32, ops, select } from '../../wasm/index.ts';
import { sigmoid, softplus } from './functions/activations.ts';
import { erf } from './functions/erf.ts';
import { exp, expm1 } from './functions/exp.ts';
import { acosh, asinh, atanh, cosh, sinh, tanh } from './functions/hyperbolic.ts';
import type { Attempt } from './functions/lanes.ts';
import { below, cubeLanes, expLanes, rootLanes, sigmoidLanes, tanhLanes } from './functions/lanes.ts';
import { ln } from './functions/ln.ts';
import { pow } from './functions/pow.ts';
import type { CallReal, Real, RealFunction, RealLocal } from './functions/real-function.ts';
import { realCalls } from './functions/real-function.ts';
import type { Kernel } from './kernel.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, elementFields, inGroups } from './rows.ts';

const { i32: I, v128: V, f32x4: F, f64: D, f64x2: DD } = ops;

type Vector = Expression<'v128'>;

const fields = {
  ...elementFields,
  /** Of the function: its attributes, where it has any. */
  alpha: 'f32',
  beta: 'f32',
} as const;

export type FunctionKernel = Kernel<typeof fields>;

/** `compute` must be an expression of its operands alone. */
function ofLanes(
  name: string,
  compute: (x: Local<'v128'>, alpha: Local<'v128'>, beta: Local<'v128'>) => Vector,
): FunctionKernel {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      const x = f.local('v128');
      const [alpha, beta] = [f.let(F.splat(p.alpha)), f.let(F.splat(p.beta))];
      eachRow(body, ['source', 'target'], (at) => {
        const [source, target] = [f.let(at.source), f.let(at.target)];
        const one = (): void => {
          f.set(x, V.load32_zero(source));
          f.do(V.store32_lane(target, compute(x, alpha, beta), 0));
          advance(f, source, p.sourceStep);
          advance(f, target, p.targetStep);
        };
        f.if(
          I.and(I.eq(p.sourceStep, i32(4)), I.eq(p.targetStep, i32(4))),
          () =>
            inGroups(f, p.count, [4, 1], (n) => {
              if (n === 1) return one();
              f.set(x, V.load(source));
              f.do(V.store(target, compute(x, alpha, beta)));
              advance(f, source, 16);
              advance(f, target, 16);
            }),
          () => inGroups(f, p.count, [1], one),
        );
      });
    },
  });
}

const zeros = f32x4(0);
const ones = f32x4(1);

export const abs = ofLanes('abs-floats', (x) => F.abs(x));
export const neg = ofLanes('neg-floats', (x) => F.neg(x));
export const sqrt = ofLanes('sqrt-floats', (x) => F.sqrt(x));
export const ceil = ofLanes('ceil-floats', (x) => F.ceil(x));
export const floor = ofLanes('floor-floats', (x) => F.floor(x));
export const round = ofLanes('round-floats', (x) => F.nearest(x));
export const reciprocal = ofLanes('reciprocal-floats', (x) => F.div(ones, x));
/** pmax(a, b) is a < b ? b : a, so that NaN and -0 stay. */
export const relu = ofLanes('relu-floats', (x) => F.pmax(x, zeros));
/** Not below alpha, then not above beta. */
export const clip = ofLanes('clip-floats', (x, alpha, beta) => F.pmin(F.pmax(x, alpha), beta));
export const leakyRelu = ofLanes('leaky-relu-floats', (x, alpha) =>
  V.bitselect(F.mul(alpha, x), x, F.lt(x, zeros)),
);
export const thresholdedRelu = ofLanes('thresholded-relu-floats', (x, alpha) =>
  V.bitselect(x, zeros, F.gt(x, alpha)),
);
/** alpha is lambda, beta the bias. */
export const shrink = ofLanes('shrink-floats', (x, lambda, bias) =>
  V.bitselect(F.add(x, bias), V.bitselect(F.sub(x, bias), zeros, F.gt(x, lambda)), F.lt(x, F.neg(lambda))),
);
export const sign = ofLanes('sign-floats', (x) =>
  V.bitselect(
    ones,
    V.bitselect(f32x4(-1), V.bitselect(zeros, x, F.eq(x, zeros)), F.lt(x, zeros)),
    F.gt(x, zeros),
  ),
);

/** `compute` may use `x` as often as it likes. */
function ofReals(
  name: string,
  compute: (x: RealLocal, callReal: CallReal, alpha: RealLocal, beta: RealLocal) => Real,
): FunctionKernel {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      const [alpha, beta] = [f.let(D.promote_f32(p.alpha)), f.let(D.promote_f32(p.beta))];
      const x = f.local('f64');
      eachRow(body, ['source', 'target'], (at) => {
        const [source, target] = [f.let(at.source), f.let(at.target)];
        inGroups(f, p.count, [1], () => {
          f.set(x, D.promote_f32(ops.f32.load(source)));
          const value = compute(x, realCalls(body.shared), alpha, beta);
          f.do(ops.f32.store(target, ops.f32.demote_f64(value)));
          advance(f, source, p.sourceStep);
          advance(f, target, p.targetStep);
        });
      });
    },
  });
}

/**
 * Two at a time where `lanes` says that its results are right, which must be almost always; else, and for what lies apart, one by
 * one as `slow` has it.
 */
function ofPairs(
  name: string,
  lanes: (f: FunctionBody, x: Local<'v128'>, alpha: Local<'f64'>) => Attempt,
  slow: (x: RealLocal, callReal: CallReal, alpha: RealLocal) => Real,
): FunctionKernel {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      const alpha = f.let(D.promote_f32(p.alpha));
      const [x, two] = [f.local('f64'), f.local('v128')];
      eachRow(body, ['source', 'target'], (at) => {
        const [source, target] = [f.let(at.source), f.let(at.target)];
        const together = f.let(I.and(I.eq(p.sourceStep, i32(4)), I.eq(p.targetStep, i32(4))));
        const one = f.let(p.count);
        const bySlow = (count: Expression<'i32'>): void =>
          inGroups(f, count, [1], () => {
            f.set(x, D.promote_f32(ops.f32.load(source)));
            f.do(ops.f32.store(target, ops.f32.demote_f64(slow(x, realCalls(body.shared), alpha))));
            advance(f, source, p.sourceStep);
            advance(f, target, p.targetStep);
          });
        f.if(together, () => {
          f.set(one, I.and(p.count, i32(1)));
          inGroups(f, I.shr_u(p.count, i32(1)), [1], () => {
            f.set(two, ops.f64x2.promote_low_f32x4(V.load64_zero(source)));
            const { value, safe } = lanes(f, two, alpha);
            f.if(
              safe,
              () => {
                f.do(V.store64_lane(target, F.demote_f64x2_zero(value), 0));
                advance(f, source, 8);
                advance(f, target, 8);
              },
              () => bySlow(i32(2)),
            );
          });
        });
        bySlow(one);
      });
    },
  });
}

const plain = (wanted: RealFunction): FunctionKernel =>
  ofReals(`${wanted.name}-floats`, (x, callReal) => callReal(wanted, x));

/** `below` for x < 0, else x. */
const belowZero = (x: RealLocal, below: Real): Real => select<'f64'>(below, x, D.lt(x, f64(0)));

/** alpha x + beta, not below 0 nor above 1; NaN stays. */
const gate = (x: RealLocal, alpha: Real, beta: Real): Real => {
  const line = D.add(D.mul(alpha, x), beta);
  const raised = select<'f64'>(f64(0), line, D.lt(line, f64(0)));
  return select<'f64'>(f64(1), raised, D.gt(line, f64(1)));
};

export const expFloats = ofPairs(
  'exp-floats',
  (f, x) => ({ value: expLanes(f, [x])[0]!, safe: below(x, 600) }),
  (x, callReal) => callReal(exp, x),
);
/** x^3 and x^0.5 as `pow` has them. */
export const cubeFloats = ofPairs('cube-floats', cubeLanes, (x, callReal) => callReal(pow, x, f64(3)));
export const rootFloats = ofPairs('root-floats', rootLanes, (x, callReal) => callReal(pow, x, f64(0.5)));
export const lnFloats = plain(ln);
export const erfFloats = plain(erf);
export const tanhFloats = ofPairs('tanh-floats', tanhLanes, (x, callReal) => callReal(tanh, x));
export const sinhFloats = plain(sinh);
export const coshFloats = plain(cosh);
export const asinhFloats = plain(asinh);
export const acoshFloats = plain(acosh);
export const atanhFloats = plain(atanh);
export const sigmoidFloats = ofPairs(
  'sigmoid-floats',
  (f, x) => ({ value: sigmoidLanes(f, x), safe: below(x, 600) }),
  (x, callReal) => callReal(sigmoid, x),
);
export const softplusFloats = plain(softplus);
export const softsignFloats = ofReals('softsign-floats', (x) => D.div(x, D.add(f64(1), D.abs(x))));
export const eluFloats = ofReals('elu-floats', (x, callReal, alpha) =>
  belowZero(x, D.mul(alpha, callReal(expm1, x))),
);
export const celuFloats = ofReals('celu-floats', (x, callReal, alpha) =>
  belowZero(x, D.mul(alpha, callReal(expm1, D.div(x, alpha)))),
);
/** beta is gamma. */
export const seluFloats = ofReals('selu-floats', (x, callReal, alpha, gamma) =>
  D.mul(gamma, belowZero(x, D.mul(alpha, callReal(expm1, x)))),
);
export const hardSigmoidFloats = ofReals('hard-sigmoid-floats', (x, _, alpha, beta) => gate(x, alpha, beta));
export const hardSwishFloats = ofReals('hard-swish-floats', (x, _, alpha, beta) =>
  D.mul(x, gate(x, alpha, beta)),
);
export const swishFloats = ofPairs(
  'swish-floats',
  (f, x, alpha) => {
    const inner = f.let(DD.mul(DD.splat(alpha), x));
    return { value: f.let(DD.mul(x, sigmoidLanes(f, inner))), safe: below(inner, 600) };
  },
  (x, callReal, alpha) => D.mul(x, callReal(sigmoid, D.mul(alpha, x))),
);
export const mishFloats = ofReals('mish-floats', (x, callReal) =>
  D.mul(x, callReal(tanh, callReal(softplus, x))),
);
export const geluFloats = ofReals('gelu-floats', (x, callReal) =>
  D.mul(D.mul(f64(0.5), x), D.add(f64(1), callReal(erf, D.mul(x, f64(Math.SQRT1_2))))),
);
export const geluTanhFloats = ofReals('gelu-tanh-floats', (x, callReal) => {
  const cube = D.mul(D.mul(D.mul(f64(0.044715), x), x), x);
  const inner = D.mul(f64(Math.sqrt(2 / Math.PI)), D.add(x, cube));
  return D.mul(D.mul(f64(0.5), x), D.add(f64(1), callReal(tanh, inner)));
});
