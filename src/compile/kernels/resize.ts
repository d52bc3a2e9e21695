/**
 * One axis of an interpolating Resize: each place of the result mixes places of the data. In doubles; between axes the sums stay
 * doubles, behind the last they are rounded once.
 */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { f32, f64, i32, ops } from '../../wasm/index.ts';
import type { Real } from './functions/real-function.ts';
import type { Kernel } from './kernel.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, inGroups, rowFields } from './rows.ts';

const { f32: S, f64: D, i32: I } = ops;

export type Mixed = 'codes' | 'floats' | 'doubles';

const fields = {
  /**
   * `mix` moves with the rows along the axis: an i32 of how many, then from byte 8 on for each a double of its weight, an i32 of its
   * offset in the source, and 0.
   */
  ...rowFields('source', 'target', 'mix'),
  count: 'i32',
  sourceStep: 'i32',
  targetStep: 'i32',
  /** Of codes: the stored zero points, and f32(s_x / s_y). */
  zeroIn: 'i32',
  zeroOut: 'i32',
  factor: 'f32',
} as const;

export type ResizeKernel = Kernel<typeof fields>;

/** Bytes of the record of a place that mixes up to `taps` others. */
export function mixBytes(taps: number): number {
  return 8 + 16 * taps;
}

const magic = 12582912;
const magicBits = 0x4b400000;

type Store = (f: FunctionBody, p: Parameters<typeof codeOf>[1], target: Local<'i32'>, value: Real) => void;

/** saturate(round_half_even(f32(f32(value) * factor)) + zeroOut), clamped before it is rounded; as the sums are of codes, no NaN. */
function codeOf(
  value: Real,
  p: { readonly zeroOut: Local<'i32'>; readonly factor: Local<'f32'> },
): Expression<'i32'> {
  const zero = S.convert_i32_s(p.zeroOut);
  const steps = S.mul(S.demote_f64(value), p.factor);
  const within = S.max(S.min(steps, S.sub(f32(255), zero)), S.neg(zero));
  return I.add(I.sub(I.reinterpret_f32(S.add(within, f32(magic))), i32(magicBits)), p.zeroOut);
}

const stores: Readonly<Record<Mixed, Store>> = {
  doubles: (f, _, target, value) => f.do(D.store(target, value)),
  floats: (f, _, target, value) => f.do(S.store(target, S.demote_f64(value))),
  codes: (f, p, target, value) => f.do(I.store8(target, codeOf(value, p))),
};

function load(from: Mixed, at: Expression<'i32'>, zero: Local<'i32'>): Real {
  if (from === 'doubles') return D.load(at);
  if (from === 'floats') return D.promote_f32(S.load(at));
  return D.convert_i32_s(I.sub(I.load8_u(at), zero));
}

function mixing(from: Mixed, to: Mixed): ResizeKernel {
  return kernel({
    name: `mix-${from}-to-${to}`,
    fields,
    emit(body) {
      const { f, p } = body;
      const sum = f.local('f64');
      eachRow(body, ['source', 'target', 'mix'], (at) => {
        const [source, target] = [f.let(at.source), f.let(at.target)];
        const taps = f.let(I.load(at.mix));
        inGroups(f, p.count, [1], () => {
          f.set(sum, f64(0));
          const tap = f.let(I.add(at.mix, i32(8)));
          inGroups(f, taps, [1], () => {
            const x = load(from, I.add(source, I.load(tap, 8)), p.zeroIn);
            f.set(sum, D.add(sum, D.mul(D.load(tap), x)));
            advance(f, tap, 16);
          });
          stores[to](f, p, target, sum);
          advance(f, source, p.sourceStep);
          advance(f, target, p.targetStep);
        });
      });
    },
  });
}

const kinds: readonly Mixed[] = ['codes', 'floats', 'doubles'];
const kernels = new Map(
  kinds.flatMap((from) => kinds.map((to) => [`${from}:${to}`, mixing(from, to)] as const)),
);

export function mixKernel(from: Mixed, to: Mixed): ResizeKernel {
  return kernels.get(`${from}:${to}`)!;
}
