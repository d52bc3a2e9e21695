/** Runs of bytes picked by indices that the model computes: embeddings, and whatever else is looked up by number. */
import { i64, ops, select } from '../../wasm/index.ts';
import { copyRun } from './copy.ts';
import { kernel } from './kernel.ts';
import { eachRow, rowFields } from './rows.ts';

const { i32: I, i64: L } = ops;

/**
 * A unit is a run: the i64 at `index` says which of `size` along the axis, negative ones from its end. One that is outside, which
 * ONNX forbids, takes the nearest there is: nothing else in memory is ever read.
 */
export const take = kernel({
  name: 'take',
  fields: { ...rowFields('source', 'target', 'index'), size: 'i32', axisStep: 'i32', run: 'i32' },
  emit(body) {
    const { f, p } = body;
    const size = f.let(L.extend_i32_u(p.size));
    const last = f.let(L.sub(size, i64(1n)));
    const place = f.local('i64');
    eachRow(body, ['source', 'target', 'index'], (at) => {
      f.set(place, L.load(at.index));
      f.set(place, select<'i64'>(L.add(place, size), place, L.lt_s(place, i64(0n))));
      f.set(place, select<'i64'>(i64(0n), place, L.lt_s(place, i64(0n))));
      f.set(place, select<'i64'>(last, place, L.gt_s(place, last)));
      const from = I.add(at.source, I.mul(I.wrap_i64(place), p.axisStep));
      copyRun(f, from, at.target, p.run);
    });
  },
});
