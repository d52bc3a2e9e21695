/**
 * Sums and products of two tensors of codes: f32(f32((a - z_a) * f_a) + f32((b - z_b) * f_b)), or f32(f32((a - z_a) * (b - z_b)) *
 * f_a), rounded half to even. Both are the same whichever operand comes first, so that the one that stays is always b. A unit is a row.
 */
import type { Expression, Local } from '../../wasm/index.ts';
import { f32, i16x8, ops } from '../../wasm/index.ts';
import { pairsOfHigh, pairsOfLow } from './interleave.ts';
import type { Kernel, KernelBody } from './kernel.ts';
import { kernel } from './kernel.ts';
import type { Rounding } from './rounding.ts';
import { codesOf, loadRounding, narrowed, rounded, storeHalf } from './rounding.ts';
import { advance, eachRow, inGroups, rowFields } from './rows.ts';
import { storeRounded } from './scalar-rounding.ts';

const { i32: I, f32: S, v128: V, i8x16: B, i16x8: H, i32x4: W, f32x4: F } = ops;

const twoTo23 = 2 ** 23;
/** As a float32. */
const twoTo23Bits = 0x4b000000;

const fields = {
  ...rowFields('a', 'b', 'target'),
  /** Elements of a row, and bytes from one to the next (used where they are not 1, and 0 for a `b` that stays). */
  count: 'i32',
  aStep: 'i32',
  bStep: 'i32',
  targetStep: 'i32',
  /** Stored zero points. */
  zeroA: 'i32',
  zeroB: 'i32',
  zero: 'i32',
  factorA: 'f32',
  factorB: 'f32',
} as const;

type Body = KernelBody<typeof fields>;
type Kind = 'sum' | 'product';
/** Every element next to the last; the same b for a whole row; steps of any size and results of any. */
type Rows = 'together' | 'b stays' | 'apart';

type Half = 'low' | 'high';
const pairsOf = { low: pairsOfLow, high: pairsOfHigh } as const;

function arithmeticKernel(name: string, kind: Kind, rows: Rows): Kernel<typeof fields> {
  return kernel({
    name,
    fields,
    emit: (body) => (rows === 'apart' ? emitOneByOne(body, kind) : emitVectors(body, kind, rows)),
  });
}

/** Steps must stay below 2^22 (rounding.ts), but in the kernels that take one element at a time. */
export const addCodes = arithmeticKernel('add-codes', 'sum', 'together');
export const addCode = arithmeticKernel('add-code', 'sum', 'b stays');
export const addCodesApart = arithmeticKernel('add-codes-apart', 'sum', 'apart');
export const multiplyCodes = arithmeticKernel('multiply-codes', 'product', 'together');
export const multiplyByCode = arithmeticKernel('multiply-by-code', 'product', 'b stays');
export const multiplyCodesApart = arithmeticKernel('multiply-codes-apart', 'product', 'apart');

function emitVectors(body: Body, kind: Kind, rows: 'together' | 'b stays'): void {
  const { f, p } = body;
  const stays = rows === 'b stays';
  const [a, b] = [f.local('v128'), f.local('v128')];
  const zeroOf = (zero: Local<'i32'>): Local<'v128'> =>
    f.let(kind === 'product' ? H.splat(zero) : F.splat(S.add(f32(twoTo23), S.convert_i32_s(zero))));
  const [zeroA, zeroB] = [zeroOf(p.zeroA), zeroOf(p.zeroB)];
  const [factorA, factorB] = [f.let(F.splat(p.factorA)), f.let(F.splat(p.factorB))];
  const upperHalves = f.let(i16x8(twoTo23Bits >> 16));
  const rounding = loadRounding(f, p.zero);
  const wide = f.locals('v128', 2);
  const codes = f.local('v128');
  /** b as it goes into every element of a row: its real steps, or its centered code. */
  const constant = f.local('v128');
  /** Of codes of 16 bits: as the low halves of 2^23 + code they are floats without having been converted. */
  const real = (
    codes: Local<'v128'>,
    half: Half,
    zero: Local<'v128'>,
    factor: Local<'v128'>,
  ): Expression<'v128'> => F.mul(F.sub(B.shuffle(codes, upperHalves, pairsOf[half]), zero), factor);
  const steps = (half: Half): Expression<'v128'> => {
    if (kind === 'product')
      return F.mul(F.convert_i32x4_s(W[`extmul_${half}_i16x8_s`](a, stays ? constant : b)), factorA);
    return F.add(real(a, half, zeroA, factorA), stays ? constant : real(b, half, zeroB, factorB));
  };
  const load = (at: Local<'i32'>, offset: number, zero: Local<'v128'>): Expression<'v128'> => {
    const codes = V.load8x8_u(at, offset);
    return kind === 'product' ? H.sub(codes, zero) : codes;
  };
  const eight = (atA: Local<'i32'>, atB: Local<'i32'>, offset: number, into: Local<'v128'>): void => {
    f.set(a, load(atA, offset, zeroA));
    if (!stays) f.set(b, load(atB, offset, zeroB));
    f.set(into, roundedEight(steps, rounding));
  };
  eachRow(body, ['a', 'b', 'target'], (at) => {
    const [atA, atB, target] = [f.let(at.a), f.let(at.b), f.let(at.target)];
    if (stays) {
      const code = I.sub(I.load8_u(atB), p.zeroB);
      f.set(constant, kind === 'product' ? H.splat(code) : F.splat(S.mul(S.convert_i32_s(code), p.factorB)));
    }
    inGroups(f, p.count, [16, 8, 1], (n) => {
      if (n === 1) {
        const second = stays ? at.b : atB;
        storeRounded(f, target, scalarSteps(body, kind, atA, second), p.zero);
      } else {
        for (let i = 0; i < n / 8; i++) eight(atA, atB, 8 * i, wide[i]!);
        f.set(codes, codesOf(wide[0]!, n === 16 ? wide[1]! : wide[0]!));
        if (n === 16) f.do(V.store(target, codes));
        else storeHalf(f, target, codes, 0);
      }
      advance(f, atA, n);
      if (!stays) advance(f, atB, n);
      advance(f, target, n);
    });
  });
}

function roundedEight(steps: (half: Half) => Expression<'v128'>, rounding: Rounding): Expression<'v128'> {
  return narrowed(rounded(steps('low'), rounding), rounded(steps('high'), rounding));
}

function scalarSteps({ p }: Body, kind: Kind, a: Expression<'i32'>, b: Expression<'i32'>): Expression<'f32'> {
  const [first, second] = [I.sub(I.load8_u(a), p.zeroA), I.sub(I.load8_u(b), p.zeroB)];
  if (kind === 'product') return S.mul(S.convert_i32_s(I.mul(first, second)), p.factorA);
  return S.add(S.mul(S.convert_i32_s(first), p.factorA), S.mul(S.convert_i32_s(second), p.factorB));
}

function emitOneByOne(body: Body, kind: Kind): void {
  const { f, p } = body;
  eachRow(body, ['a', 'b', 'target'], (at) => {
    const [atA, atB, target] = [f.let(at.a), f.let(at.b), f.let(at.target)];
    inGroups(f, p.count, [1], () => {
      storeRounded(f, target, scalarSteps(body, kind, atA, atB), p.zero);
      advance(f, atA, p.aStep);
      advance(f, atB, p.bStep);
      advance(f, target, p.targetStep);
    });
  });
}
