/**
 * The sum of strided elements for every element of the result, scaled and rounded once: means and sums along axes that lie next to
 * each other in memory, or in no order that vectors help with. A unit is an element.
 */
import type { Local } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { eachRow, rowFields } from './rows.ts';
import { storeRounded } from './scalar-rounding.ts';

const { i32: I } = ops;

export const sumCodes = kernel({
  name: 'sum-codes',
  fields: {
    ...rowFields('source', 'target'),
    /** Four loops over what is summed, outermost first. */
    count0: 'i32',
    count1: 'i32',
    count2: 'i32',
    count3: 'i32',
    step0: 'i32',
    step1: 'i32',
    step2: 'i32',
    step3: 'i32',
    /** The stored zero point of the data times the number of summed elements. */
    less: 'i32',
    zero: 'i32',
    factor: 'f32',
  },
  emit(body) {
    const { f, p } = body;
    const sum = f.local('i32');
    eachRow(body, ['source', 'target'], ({ source, target }) => {
      f.set(sum, I.sub(i32(0), p.less));
      const along = (axis: 0 | 1 | 2 | 3, from: Local<'i32'>): void => {
        const at = f.let(from);
        const left = f.let(p[`count${axis}`]);
        f.while(left, () => {
          if (axis === 3) f.set(sum, I.add(sum, I.load8_u(at)));
          else along((axis + 1) as 1 | 2 | 3, at);
          f.set(at, I.add(at, p[`step${axis}`]));
          f.set(left, I.sub(left, i32(1)));
        });
      };
      along(0, source);
      storeRounded(f, target, ops.f32.mul(ops.f32.convert_i32_s(sum), p.factor), p.zero);
    });
  },
});
