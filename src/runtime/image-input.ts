/**
 * Pixels as an input: RGBA, as a canvas gives them, straight into the memory of the model, by the numbers that the data readers
 * of calibration gave it for the same pixels. Alpha does not count.
 */
import { roundHalfEven } from '../base/integer.ts';
import { RuntimeError } from './errors.ts';
import type { CompiledImage, CompiledPort } from './manifest.ts';

/** What `CanvasRenderingContext2D.getImageData` gives; where there is no canvas, any object of the same fields. */
export interface ImageLike {
  readonly width: number;
  readonly height: number;
  /** Rows from the top, four bytes a pixel: R, G, B, A. */
  readonly data: Uint8ClampedArray | Uint8Array;
}

export function isImage(given: object): given is ImageLike {
  return 'width' in given && 'height' in given && !('dims' in given);
}

/** Throws INPUT for another size, for data that is no RGBA, and where the compiler was not told how the model takes images. */
export function writeImage(memory: ArrayBufferLike, port: CompiledPort, image: ImageLike): void {
  const { name, dims, image: how, dtype } = port;
  const where = `input '${name}'`;
  if (how === undefined)
    throw new RuntimeError(
      'INPUT',
      where,
      'an image was given, and nothing says how the model takes images',
      'Compile it with --preset, or with --scale, --mean and --std; or give numbers',
    );
  const { width, height, data } = image;
  const [rows, columns] = how.layout === 'nchw' ? [dims[2]!, dims[3]!] : [dims[1]!, dims[2]!];
  if (width !== columns || height !== rows)
    throw new RuntimeError(
      'INPUT',
      where,
      `the image is ${width}x${height}, the model takes ${columns}x${rows}`,
      `Draw it on a canvas of ${columns}x${rows} (drawImage) and take its getImageData`,
    );
  const isBytes = data instanceof Uint8ClampedArray || data instanceof Uint8Array;
  if (!isBytes || data.length !== 4 * width * height)
    throw new RuntimeError(
      'INPUT',
      where,
      `its data are not the ${4 * width * height} bytes of an RGBA image`,
      'Give an ImageData of 8 bits a channel',
    );
  const store = dtype === 'float32' ? new Float32Array(memory) : new Uint8Array(memory);
  for (const plane of planesOf(port, how)) writePlane(store, plane, image);
}

interface Plane {
  /** Of 256 pixel values. */
  readonly table: Float32Array | Uint8Array;
  /** 0 to 2 for R, G, B; 3 for grey. */
  readonly source: number;
  /** In elements of the store. */
  readonly at: number;
  readonly row: number;
  readonly column: number;
}

function planesOf(port: CompiledPort, how: CompiledImage): readonly Plane[] {
  const bytes = port.dtype === 'float32' ? 4 : 1;
  const [, ...strides] = port.strides.map((s) => s / bytes);
  const [channel, row, column] = how.layout === 'nchw' ? strides : [strides[2], strides[0], strides[1]];
  const order = how.channels === 'grey' ? [3] : how.channels === 'bgr' ? [2, 1, 0] : [0, 1, 2];
  return order.map((source, i) => ({
    table: tableOf(port, how, source % 3),
    source,
    at: port.at / bytes + i * channel!,
    row: row!,
    column: column!,
  }));
}

/** Values in float32 steps, as calibration computes them: see normalizeValue of calibrate/images. */
function tableOf(port: CompiledPort, { scale, mean, std }: CompiledImage, source: number): Plane['table'] {
  const values = Float32Array.from({ length: 256 }, (_, pixel) => {
    const shifted = Math.fround(Math.fround(pixel * scale) - Math.fround(mean[source]!));
    return Math.fround(shifted / Math.fround(std[source]!));
  });
  if (port.dtype === 'float32') return values;
  const { scale: step, zeroPoint } = port.codes ?? { scale: 1, zeroPoint: 0 };
  const stored = zeroPoint + (port.dtype === 'int8' ? 128 : 0);
  // The array clamps, and makes 0 of NaN.
  return new Uint8Array(
    Uint8ClampedArray.from(values, (v) => roundHalfEven(Math.fround(v / Math.fround(step))) + stored).buffer,
  );
}

function writePlane(
  store: Float32Array | Uint8Array,
  { table, source, at, row, column }: Plane,
  { width, height, data }: ImageLike,
): void {
  for (let y = 0, from = 0; y < height; y++)
    for (let x = 0, to = at + y * row; x < width; x++, from += 4, to += column) {
      const pixel =
        source < 3
          ? data[from + source]!
          : (data[from]! * 19595 + data[from + 1]! * 38470 + data[from + 2]! * 7471 + 0x8000) >>> 16;
      store[to] = table[pixel]!;
    }
}
