/** Floats to which scaled codes are added: target = f32(target + f32((q - z) * factor)), a step of sums of three and more operands. */
import { i32, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, inGroups, rowFields } from './rows.ts';

const { i32: I, f32: S, v128: V, i16x8: H, i32x4: W, f32x4: F } = ops;

export const addScaled = kernel({
  name: 'add-scaled',
  fields: {
    ...rowFields('source', 'target'),
    count: 'i32',
    /** Bytes from one code to the next; floats lie together. */
    sourceStep: 'i32',
    zero: 'i32',
    factor: 'f32',
  },
  emit(body) {
    const { f, p } = body;
    const zero = f.let(H.splat(p.zero));
    const factor = f.let(F.splat(p.factor));
    const codes = f.local('v128');
    eachRow(body, ['source', 'target'], (at) => {
      const [source, target] = [f.let(at.source), f.let(at.target)];
      const together = I.eq(p.sourceStep, i32(1));
      const one = (): void => {
        const real = S.mul(S.convert_i32_s(I.sub(I.load8_u(source), p.zero)), p.factor);
        f.do(S.store(target, S.add(S.load(target), real)));
        advance(f, source, p.sourceStep);
        advance(f, target, 4);
      };
      f.if(
        together,
        () =>
          inGroups(f, p.count, [8, 1], (n) => {
            if (n === 1) return one();
            f.set(codes, H.sub(V.load8x8_u(source), zero));
            for (const [i, half] of [W.extend_low_i16x8_s(codes), W.extend_high_i16x8_s(codes)].entries())
              f.do(
                V.store(
                  target,
                  F.add(V.load(target, 16 * i), F.mul(F.convert_i32x4_s(half), factor)),
                  16 * i,
                ),
              );
            advance(f, source, 8);
            advance(f, target, 32);
          }),
        () => inGroups(f, p.count, [1], one),
      );
    });
  },
});
