/**
 * Bytes widened to 16 bits ahead of a kernel of the baseline variant, which multiplies 16 bits: once for each byte, not once for each
 * use. The relaxed variant multiplies bytes and does nothing here. A unit is a block of bytes.
 */
import type { Expression, Local } from '../../wasm/index.ts';
import { i32, ops, select } from '../../wasm/index.ts';
import type { Kernel } from './kernel.ts';
import { kernel } from './kernel.ts';

const { i32: I, v128: V, i8x16: B } = ops;

/** Bytes of a unit. */
export const widenBlock = 4096;

const fields = { source: 'i32', target: 'i32', count: 'i32' } as const;

function widening(
  name: string,
  widened: (address: Local<'i32'>) => readonly Expression<'v128'>[],
): Kernel<typeof fields> {
  return kernel({
    name,
    fields,
    onlyIn: 'baseline',
    emit({ f, p, from, to }) {
      const at = f.let(I.mul(from, i32(widenBlock)));
      const end = f.let(I.mul(to, i32(widenBlock)));
      const source = f.let(I.add(p.source, at));
      const target = f.let(I.add(p.target, I.shl(at, i32(1))));
      const left = f.let(I.sub(select(end, p.count, I.lt_s(end, p.count)), at));
      f.while(I.gt_s(left, i32(0)), () => {
        for (const [i, vector] of widened(source).entries()) f.do(V.store(target, vector, 16 * i));
        f.set(source, I.add(source, i32(32)));
        f.set(target, I.add(target, i32(64)));
        f.set(left, I.sub(left, i32(32)));
      });
    },
  });
}

/** u8 to u16 in their order, 32 at a time: up to 31 bytes more than `count`. */
export const widenData = widening('widen-data', (at) =>
  [0, 8, 16, 24].map((offset) => V.load8x8_u(at, offset)),
);

/** Lanes of both operands that are even: the first pairs of four channels; and the second. */
const first = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
const second = first.map((lane) => lane + 4);

/** s8 to s16, 32 at a time: of eight channels with four weights each the first two of all, then the others. */
export const widenWeights = widening('widen-weights', (at) =>
  [first, second].flatMap((lanes) =>
    [0, 16].map((offset) => B.shuffle(V.load8x8_s(at, offset), V.load8x8_s(at, offset + 8), lanes)),
  ),
);
