/** The greatest code of each window, sixteen channels at a time. An order of codes is that of what they stand for. */
import { i32, i32x4, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { eachPoolPixel, eachWindowRow, poolFields } from './pool-window.ts';

const { i32: I, v128: V, i8x16: B } = ops;

/** Channels of a unit. */
export const maxPoolBlock = 16;

/** Writes as many channels as a multiple of eight has room for. A window without data is 0. */
export const maxPool = kernel({
  name: 'max-pool',
  fields: poolFields,
  emit(body) {
    const { f, p } = body;
    const most = f.local('v128');
    const at = f.local('i32');
    const left = f.local('i32');
    eachPoolPixel(body, maxPoolBlock, (pixel) => {
      f.set(most, i32x4(0));
      eachWindowRow(f, pixel, p.rowStep, (row) => {
        f.set(at, row);
        f.set(left, pixel.columns);
        f.while(left, () => {
          f.set(most, B.max_u(most, V.load(at)));
          f.set(at, I.add(at, p.columnStep));
          f.set(left, I.sub(left, i32(1)));
        });
      });
      f.if(
        I.gt_s(pixel.channels, i32(8)),
        () => f.do(V.store(pixel.target, most)),
        () => f.do(V.store64_lane(pixel.target, most, 0)),
      );
    });
  },
});
