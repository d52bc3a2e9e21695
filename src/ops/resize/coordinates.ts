/** Where an output place lies among the inputs. In float32, an operation at a time, as onnxruntime: nearest then picks the same. */
import type { Node } from '../../ir/index.ts';
import { impossible } from '../infer-readers.ts';
import type { Stretch } from './stretches.ts';

const f32 = Math.fround;

type Coordinate = (x: number, stretch: Stretch) => number;

const halfPixel: Coordinate = (x, { scale }) => f32(f32((x + 0.5) / scale) - 0.5);

const coordinates: Readonly<Record<string, Coordinate>> = {
  half_pixel: halfPixel,
  half_pixel_symmetric: (x, { input, output, scale }) => {
    const adjustment = f32(output / f32(scale * input));
    const offset = f32((input / 2) * f32(1 - adjustment));
    return f32(f32(offset + f32((x + 0.5) / scale)) - 0.5);
  },
  pytorch_half_pixel: (x, stretch) => (stretch.output > 1 ? halfPixel(x, stretch) : 0),
  tf_half_pixel_for_nn: (x, { scale }) => f32((x + 0.5) / scale),
  asymmetric: (x, { scale }) => f32(x / scale),
  align_corners: (x, { input, output }) => (output === 1 ? 0 : f32(f32(x * (input - 1)) / (output - 1))),
  tf_crop_and_resize: (x, { input, output, start, end }) => {
    if (output <= 1) return f32(0.5 * f32(start + end) * (input - 1));
    const along = f32(f32(x * f32(end - start)) * (input - 1));
    return f32(f32(start * (input - 1)) + f32(along / (output - 1)));
  },
};

/** Throws INVALID_GRAPH on a name that is none of ONNX's. */
export function coordinateOf(node: Node, mode: string): Coordinate {
  const known = Object.hasOwn(coordinates, mode) ? coordinates[mode] : undefined;
  if (known === undefined)
    throw impossible(node, `coordinate_transformation_mode '${mode}' is none of ONNX's`);
  return known;
}
