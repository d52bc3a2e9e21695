/**
 * Bytes widened to 16 bits ahead of a kernel of the baseline variant, which multiplies 16 bits: once for each byte, not once for each
 * use. The relaxed variant multiplies bytes and does nothing here. A unit is a block of bytes.
 */
import type { Expression, Local } from '../../wasm/index.ts';
import { i32, ops, select } from '../../wasm/index.ts';
import type { Kernel } from './kernel.ts';
import { kernel } from './kernel.ts';

const { i32: I, v128: V } = ops;

/** Bytes of a unit. */
export const widenBlock = 4096;

const fields = { source: 'i32', target: 'i32', count: 'i32' } as const;

function widening(
  name: string,
  load: (address: Local<'i32'>, offset: number) => Expression<'v128'>,
): Kernel<typeof fields> {
  return kernel({
    name,
    fields,
    emit({ f, variant, p, from, to }) {
      if (variant === 'relaxed') return;
      const at = f.let(I.mul(from, i32(widenBlock)));
      const end = f.let(I.mul(to, i32(widenBlock)));
      const source = f.let(I.add(p.source, at));
      const target = f.let(I.add(p.target, I.shl(at, i32(1))));
      const left = f.let(I.sub(select(end, p.count, I.lt_s(end, p.count)), at));
      f.while(I.gt_s(left, i32(0)), () => {
        for (const i of [0, 1]) f.do(V.store(target, load(source, 8 * i), 16 * i));
        f.set(source, I.add(source, i32(16)));
        f.set(target, I.add(target, i32(32)));
        f.set(left, I.sub(left, i32(16)));
      });
    },
  });
}

/** u8 to u16, sixteen at a time: up to fifteen bytes more than `count`. */
export const widenData = widening('widen-data', (address, offset) => V.load8x8_u(address, offset));
/** s8 to s16 likewise. */
export const widenWeights = widening('widen-weights', (address, offset) => V.load8x8_s(address, offset));
