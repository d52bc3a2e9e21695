/** Writes the zero code around the pixels of an image whose memory held something else: the padding of those who read it. */
import { i32, i64, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';

const { i32: I, i64: L } = ops;

/**
 * Units are images. All sizes are multiples of 4 bytes; it writes 8 at a time, so that it comes before what makes the pixels: the
 * last ones may reach 4 bytes into them.
 */
export const fillBorder = kernel({
  name: 'fill-border',
  fields: {
    /** The first image, border included. */
    at: 'i32',
    image: 'i32',
    /** Bytes above the first pixel; between the pixels of two rows; below the last pixel. */
    head: 'i32',
    gap: 'i32',
    tail: 'i32',
    /** Bytes of a row's pixels. */
    pixels: 'i32',
    rows: 'i32',
    code: 'i32',
  },
  emit({ f, p, from, to }) {
    const eight = f.let(L.mul(L.extend_i32_u(p.code), i64(0x0101010101010101n)));
    const image = f.let(I.add(p.at, I.mul(from, p.image)));
    const [at, end, row] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const fill = (): void =>
      f.while(I.lt_u(at, end), () => {
        f.do(L.store(at, eight));
        f.set(at, I.add(at, i32(8)));
      });
    f.while(I.lt_s(from, to), () => {
      f.set(at, image);
      f.set(end, I.add(image, p.head));
      fill();
      f.for(row, i32(1), p.rows, () => {
        f.set(at, I.add(end, p.pixels));
        f.set(end, I.add(at, p.gap));
        fill();
      });
      f.set(at, I.add(end, p.pixels));
      f.set(end, I.add(at, p.tail));
      fill();
      f.set(image, I.add(image, p.image));
      f.set(from, I.add(from, i32(1)));
    });
  },
});
