/** Runs of bytes picked by tables of offsets: what strides cannot say. */
import { i32, ops } from '../../wasm/index.ts';
import { copyRun } from './copy.ts';
import { kernel } from './kernel.ts';
import { advance, inGroups } from './rows.ts';

const { i32: I } = ops;

/**
 * A unit is a row: its offsets into source and target stand in `rows`, two i32 a unit. Within a row `count` runs of `run` bytes
 * come from the offsets of `places` (i32) and go `targetStep` bytes apart.
 */
export const gather = kernel({
  name: 'gather',
  fields: {
    source: 'i32',
    target: 'i32',
    rows: 'i32',
    places: 'i32',
    count: 'i32',
    targetStep: 'i32',
    run: 'i32',
  },
  emit({ f, p, from, to }) {
    const row = f.let(I.add(p.rows, I.shl(from, i32(3))));
    inGroups(f, I.sub(to, from), [1], () => {
      const source = f.let(I.add(p.source, I.load(row)));
      const target = f.let(I.add(p.target, I.load(row, 4)));
      const place = f.let(p.places);
      advance(f, row, 8);
      const each = (copy: () => void) => () =>
        inGroups(f, p.count, [1], () => {
          copy();
          advance(f, place, 4);
          advance(f, target, p.targetStep);
        });
      const at = I.add(source, I.load(place));
      f.if(
        I.eq(p.run, i32(1)),
        each(() => f.do(I.store8(target, I.load8_u(at)))),
        () =>
          f.if(
            I.eq(p.run, i32(4)),
            each(() => f.do(I.store(target, I.load(at)))),
            each(() => copyRun(f, at, target, p.run)),
          ),
      );
    });
  },
});
