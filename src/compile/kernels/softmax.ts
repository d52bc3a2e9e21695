/** Softmax and LogSoftmax of float32 rows: e^(x - max), its sum and their quotient in doubles, rounded once. */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { f64, i32, ops } from '../../wasm/index.ts';
import { chosenOf, eachElement, larger, sumOf } from './float-groups.ts';
import { exp } from './functions/exp.ts';
import { below, expLanes } from './functions/lanes.ts';
import { ln } from './functions/ln.ts';
import type { Real, RealLocal } from './functions/real-function.ts';
import { realCalls } from './functions/real-function.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, elementFields, inGroups } from './rows.ts';

const { f32: S, f32x4: F, f64: D, f64x2: DD, i32: I, v128: V } = ops;

const fields = {
  ...elementFields,
} as const;

interface Storing {
  readonly target: Local<'i32'>;
  readonly step: Local<'i32'>;
}

function store(f: FunctionBody, { target, step }: Storing, value: Real): void {
  f.do(S.store(target, S.demote_f64(value)));
  advance(f, target, step);
}

/** Of floats next to each other. What is no number may be passed over: it makes the sum of powers none, and so every share. */
function largestOf(f: FunctionBody, start: Local<'i32'>, count: Local<'i32'>): Expression<'f32'> {
  const at = f.let(start);
  const four = f.let(V.load32_splat(at));
  inGroups(f, count, [4, 1], (n) => {
    f.set(four, F.pmax(four, n === 4 ? V.load(at) : V.load32_splat(at)));
    advance(f, at, 4 * n);
  });
  for (const lanes of [upperHalf, secondLane])
    f.set(four, F.pmax(four, ops.i8x16.shuffle(four, four, lanes)));
  return F.extract_lane(four, 0);
}

const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const secondLane = [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7];

/** Vectors of two doubles that are raised side by side. */
const side = 4;

/**
 * The powers are kept as doubles between the passes, a row of `count` for each unit from `powers` on. Two at a time where they lie
 * together; they are added one by one all the same.
 */
export const softmax = kernel({
  name: 'softmax',
  fields: { ...fields, powers: 'i32' },
  emit(body) {
    const { f, p, from } = body;
    const callReal = realCalls(body.shared);
    const rowBytes = f.let(I.shl(p.count, i32(3)));
    const together = f.let(I.and(I.eq(p.sourceStep, i32(4)), I.eq(p.targetStep, i32(4))));
    const pairs = f.let(I.mul(together, I.shr_u(p.count, i32(1))));
    const rest = f.let(I.sub(p.count, I.shl(pairs, i32(1))));
    const vectors = f.locals('v128', side);
    eachRow(body, ['source', 'target'], (at) => {
      const max = f.local('f64');
      f.if(
        together,
        () => f.set(max, D.promote_f32(largestOf(f, at.source, p.count))),
        () => f.set(max, chosenOf(f, { at: at.source, count: p.count, step: p.sourceStep }, larger)),
      );
      const power = f.let(I.add(p.powers, I.mul(from, rowBytes)));
      const sum = f.let<'f64'>(f64(0));
      const source = f.let(at.source);
      const raise = (count: Expression<'i32'>): void => {
        eachElement(f, { at: source, count, step: p.sourceStep }, (x) => {
          const e = f.let(callReal(exp, D.sub(x, max)));
          f.do(D.store(power, e));
          advance(f, power, 8);
          f.set(sum, D.add(sum, e));
        });
      };
      inGroups(f, pairs, [vectors.length, 1], (n) => {
        const some = vectors.slice(0, n);
        for (const [i, two] of some.entries())
          f.set(two, DD.sub(DD.promote_low_f32x4(V.load64_zero(source, 8 * i)), DD.splat(max)));
        const raised = expLanes(f, some);
        f.if(
          some.map((two) => below(two, 600)).reduce((a, b) => I.and(a, b)),
          () => {
            for (const [i, powers] of raised.entries()) {
              f.do(V.store(power, powers, 16 * i));
              for (const lane of [0, 1]) f.set(sum, D.add(sum, DD.extract_lane(powers, lane)));
            }
            advance(f, power, 16 * n);
          },
          () => raise(i32(2 * n)),
        );
        advance(f, source, 8 * n);
      });
      raise(rest);
      f.set(power, I.sub(power, rowBytes));
      const target = f.let(at.target);
      inGroups(f, pairs, [1], () => {
        const shares = DD.div(V.load(power), DD.splat(sum));
        f.do(V.store64_lane(target, F.demote_f64x2_zero(shares), 0));
        advance(f, power, 16);
        advance(f, target, 8);
      });
      inGroups(f, rest, [1], () => {
        store(f, { target, step: p.targetStep }, D.div(D.load(power), sum));
        advance(f, power, 8);
      });
    });
  },
});

/** x - max - ln(sum of e^(x - max)) */
export const logSoftmax = kernel({
  name: 'log-softmax',
  fields,
  emit(body) {
    const { f, p } = body;
    const callReal = realCalls(body.shared);
    eachRow(body, ['source', 'target'], (at) => {
      const row = { at: at.source, count: p.count, step: p.sourceStep };
      const max = chosenOf(f, row, larger);
      const sum = sumOf(f, row, (x: RealLocal) => callReal(exp, D.sub(x, max)));
      const log = f.let(callReal(ln, sum));
      const storing = { target: f.let(at.target), step: p.targetStep };
      eachElement(f, row, (x) => store(f, storing, D.sub(D.sub(x, max), log)));
    });
  },
});
