/** float32 to codes: saturate(round_half_even(f32(x / scale)) + zero). NaN, which has no code, becomes the lowest. */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { f32, f32x4, i32, i32x4, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, elementFields, inGroups, rowFields } from './rows.ts';

const { i32: I, v128: V, f32x4: F } = ops;

/** 1.5 2^23: what is added to it is rounded, half to even, and stands in the lowest bits. */
const magic = 12582912;
const magicBits = 0x4b400000;

/** What real numbers are quantized by, in every lane. */
export interface Steps {
  readonly scale: Local<'v128'>;
  /** The steps of the lowest code and of the highest. */
  readonly low: Local<'v128'>;
  readonly high: Local<'v128'>;
  readonly bias: Local<'v128'>;
}

/** From scale and stored zero point, two f32 in memory. */
export function loadSteps(f: FunctionBody, params: Local<'i32'>): Steps {
  const zero = f.let(ops.f32.load(params, 4));
  return {
    scale: f.let(V.load32_splat(params)),
    low: f.let(F.splat(ops.f32.neg(zero))),
    high: f.let(F.splat(ops.f32.sub(f32(255), zero))),
    bias: f.let(ops.i32x4.sub(i32x4(magicBits), ops.i32x4.splat(ops.i32.trunc_sat_f32_s(zero)))),
  };
}

/** Clamped before they are rounded, to whole numbers: the same codes, and nothing leaves the reach of the magic number. */
export function codesOf(f: FunctionBody, x: Expression<'v128'>, p: Steps): Local<'v128'> {
  // pmax(a, b) is a < b ? b : a, so that NaN gives the lowest.
  const raised = F.pmax(p.low, F.div(x, p.scale));
  return f.let(ops.i32x4.sub(F.add(F.pmin(raised, p.high), f32x4(magic)), p.bias));
}

/** Words of four codes each as bytes; four of them, or one that then stands four times. */
export function sixteenCodes(f: FunctionBody, words: readonly Local<'v128'>[]): Local<'v128'> {
  const halves = [0, 2].map((i) =>
    ops.i16x8.narrow_i32x4_s(words[i % words.length]!, words[(i + 1) % words.length]!),
  );
  return f.let(ops.i8x16.narrow_i16x8_u(halves[0]!, halves[1]!));
}

/**
 * Scale and stored zero point stand at `params` as two f32; `params` moves with the rows, so that they may be those of an
 * axis.
 */
export const quantize = kernel({
  name: 'quantize',
  fields: { ...elementFields, ...rowFields('params') },
  emit(body) {
    const { f, p } = body;
    eachRow(body, ['source', 'target', 'params'], (at) => {
      const quant = loadSteps(f, at.params);
      const [source, target] = [f.let(at.source), f.let(at.target)];
      const dense = (n: number): void => {
        const words = Array.from({ length: n / 4 }, (_, i) => codesOf(f, V.load(source, 16 * i), quant));
        const bytes = sixteenCodes(f, words);
        f.do(n === 16 ? V.store(target, bytes) : V.store32_lane(target, bytes, 0));
        advance(f, source, 4 * n);
        advance(f, target, n);
      };
      const apart = (n: number): void => {
        const words = codesOf(f, n === 1 ? V.load32_zero(source) : V.load(source), quant);
        for (let i = 0; i < n; i++) {
          f.do(I.store8(target, ops.i32x4.extract_lane(words, i)));
          advance(f, target, p.targetStep);
        }
        if (n > 1) advance(f, source, 4 * n);
        else advance(f, source, p.sourceStep);
      };
      f.if(
        I.eq(p.sourceStep, i32(4)),
        () =>
          f.if(
            I.eq(p.targetStep, i32(1)),
            () => inGroups(f, p.count, [16, 4, 1], (n) => (n === 1 ? apart(1) : dense(n))),
            () => inGroups(f, p.count, [4, 1], apart),
          ),
        () => inGroups(f, p.count, [1], apart),
      );
    });
  },
});
