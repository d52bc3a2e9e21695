/** Choices and comparisons of elements with broadcasting: Where, Equal, Less and their kin, and logic on bools. */
import type { Expression, Local } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import type { Kernel } from './kernel.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, inGroups, rowFields } from './rows.ts';

const { f32: S, i32: I, i64: L } = ops;

type At = Local<'i32'>;

const chooseFields = {
  ...rowFields('condition', 'yes', 'no', 'target'),
  count: 'i32',
  conditionStep: 'i32',
  yesStep: 'i32',
  noStep: 'i32',
  targetStep: 'i32',
} as const;

export type ChooseKernel = Kernel<typeof chooseFields>;

/** The element of one side or the other, by a byte. */
function choose(name: string, copy: (from: At, to: At) => Expression<'none'>): ChooseKernel {
  return kernel({
    name,
    fields: chooseFields,
    emit(body) {
      const { f, p } = body;
      eachRow(body, ['condition', 'yes', 'no', 'target'], (at) => {
        const [condition, yes, no, target] = [at.condition, at.yes, at.no, at.target].map((a) =>
          f.let(a),
        ) as [At, At, At, At];
        inGroups(f, p.count, [1], () => {
          f.if(
            I.load8_u(condition),
            () => f.do(copy(yes, target)),
            () => f.do(copy(no, target)),
          );
          advance(f, condition, p.conditionStep);
          advance(f, yes, p.yesStep);
          advance(f, no, p.noStep);
          advance(f, target, p.targetStep);
        });
      });
    },
  });
}

export const chooseBytes = choose('choose-bytes', (from, to) => I.store8(to, I.load8_u(from)));
export const chooseWords = choose('choose-words', (from, to) => I.store(to, I.load(from)));
export const chooseLongs = choose('choose-longs', (from, to) => L.store(to, L.load(from)));

const compareFields = {
  ...rowFields('left', 'right', 'target'),
  count: 'i32',
  leftStep: 'i32',
  rightStep: 'i32',
  targetStep: 'i32',
} as const;

export type CompareKernel = Kernel<typeof compareFields>;

/** 1 or 0 as bytes. */
function compare(name: string, holds: (left: At, right: At) => Expression<'i32'>): CompareKernel {
  return kernel({
    name,
    fields: compareFields,
    emit(body) {
      const { f, p } = body;
      eachRow(body, ['left', 'right', 'target'], (at) => {
        const [left, right, target] = [f.let(at.left), f.let(at.right), f.let(at.target)];
        inGroups(f, p.count, [1], () => {
          f.do(I.store8(target, holds(left, right)));
          advance(f, left, p.leftStep);
          advance(f, right, p.rightStep);
          advance(f, target, p.targetStep);
        });
      });
    },
  });
}

const floats =
  (test: (a: Expression<'f32'>, b: Expression<'f32'>) => Expression<'i32'>) =>
  (left: At, right: At): Expression<'i32'> =>
    test(S.load(left), S.load(right));
const longs =
  (test: (a: Expression<'i64'>, b: Expression<'i64'>) => Expression<'i32'>) =>
  (left: At, right: At): Expression<'i32'> =>
    test(L.load(left), L.load(right));
const bools =
  (test: (a: Expression<'i32'>, b: Expression<'i32'>) => Expression<'i32'>) =>
  (left: At, right: At): Expression<'i32'> =>
    test(I.ne(I.load8_u(left), i32(0)), I.ne(I.load8_u(right), i32(0)));

/** By operator and element. */
export const compareKernels: Readonly<
  Record<string, Readonly<Partial<Record<'f32' | 'i64' | 'u8', CompareKernel>>>>
> = {
  Equal: {
    f32: compare('equal-floats', floats(S.eq)),
    i64: compare('equal-longs', longs(L.eq)),
    u8: compare('equal-bytes', (left, right) => I.eq(I.load8_u(left), I.load8_u(right))),
  },
  Greater: {
    f32: compare('greater-floats', floats(S.gt)),
    i64: compare('greater-longs', longs(L.gt_s)),
  },
  GreaterOrEqual: {
    f32: compare('greater-or-equal-floats', floats(S.ge)),
    i64: compare(
      'greater-or-equal-longs',
      longs((a, b) => I.eqz(L.lt_s(a, b))),
    ),
  },
  Less: {
    f32: compare('less-floats', floats(S.lt)),
    i64: compare('less-longs', longs(L.lt_s)),
  },
  LessOrEqual: {
    f32: compare('less-or-equal-floats', floats(S.le)),
    i64: compare(
      'less-or-equal-longs',
      longs((a, b) => I.eqz(L.gt_s(a, b))),
    ),
  },
  And: { u8: compare('and-bools', bools(I.and)) },
  Or: { u8: compare('or-bools', bools(I.or)) },
  Xor: { u8: compare('xor-bools', bools(I.xor)) },
};
