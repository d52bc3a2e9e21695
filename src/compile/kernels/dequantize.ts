/** Codes to float32: f32(f32(q - zero) * scale). */
import type { Expression } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, elementFields, inGroups, rowFields } from './rows.ts';

const { i32: I, v128: V, f32x4: F } = ops;

/** Scale and stored zero point stand at `params` as two f32; `params` moves with the rows. */
export const dequantize = kernel({
  name: 'dequantize',
  fields: { ...elementFields, ...rowFields('params') },
  emit(body) {
    const { f, p } = body;
    eachRow(body, ['source', 'target', 'params'], (at) => {
      const [scale, zero] = [f.let(ops.f32.load(at.params)), f.let(ops.f32.load(at.params, 4))];
      const [scales, zeros] = [f.let(F.splat(scale)), f.let(F.splat(zero))];
      const [source, target] = [f.let(at.source), f.let(at.target)];
      const real = (codes: Expression<'v128'>): Expression<'v128'> =>
        F.mul(F.sub(F.convert_i32x4_s(codes), zeros), scales);
      const one = (): void => {
        const code = ops.f32.convert_i32_s(I.load8_u(source));
        f.do(ops.f32.store(target, ops.f32.mul(ops.f32.sub(code, zero), scale)));
        advance(f, source, p.sourceStep);
        advance(f, target, p.targetStep);
      };
      f.if(
        I.and(I.eq(p.sourceStep, i32(1)), I.eq(p.targetStep, i32(4))),
        () =>
          inGroups(f, p.count, [8, 1], (n) => {
            if (n === 1) return one();
            const eight = f.let(V.load8x8_u(source));
            f.do(V.store(target, real(ops.i32x4.extend_low_i16x8_u(eight))));
            f.do(V.store(target, real(ops.i32x4.extend_high_i16x8_u(eight)), 16));
            advance(f, source, 8);
            advance(f, target, 32);
          }),
        () =>
          inGroups(f, p.count, [4, 1], (n) => {
            for (let i = 0; i < n; i++) one();
          }),
      );
    });
  },
});
