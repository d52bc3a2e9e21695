/** One result at a time: saturate(round_half_even(steps) + zero point), for steps of any size. */
import type { Expression, FunctionBody } from '../../wasm/index.ts';
import { f32, i32, ops, select } from '../../wasm/index.ts';

const { i32: I, f32: F } = ops;

/** No code lies further from a zero point. */
const far = 512;

export function storeRounded(
  f: FunctionBody,
  address: Expression<'i32'>,
  steps: Expression<'f32'>,
  zero: Expression<'i32'>,
): void {
  const near = F.max(F.min(F.nearest(steps), f32(far)), f32(-far));
  const code = f.let(I.add(I.trunc_sat_f32_s(near), zero));
  f.set(code, select(i32(0), code, I.lt_s(code, i32(0))));
  f.set(code, select(i32(255), code, I.gt_s(code, i32(255))));
  f.do(I.store8(address, code));
}
