/**
 * RoiAlign. Places in float32 an operation at a time, as onnxruntime, so that cells have as many samples; samples and their
 * sums in doubles, rounded once.
 */
import type { Node } from '../../ir/index.ts';
import { floatAttr, intAttr, stringAttr } from '../../ir/index.ts';
import type { Reference } from '../contract.ts';
import { boundedCount, cannotEvaluate, inputAt, integersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { realsOf, roundReals } from '../reals.ts';

const f32 = Math.fround;

/** Samples in a cell along an axis: more than any region of a picture needs. */
const maxSamples = 4096;

interface Sample {
  readonly places: readonly number[];
  readonly weights: readonly number[];
}

/** Along one axis: the places before and behind, or nothing where it is more than a cell outside. */
function between(at: number, size: number): Sample {
  if (at < -1 || at > size) return { places: [], weights: [] };
  const inside = Math.max(at, 0);
  const low = Math.floor(inside);
  if (low >= size - 1) return { places: [size - 1, size - 1], weights: [1, 0] };
  return { places: [low, low + 1], weights: [1 - (inside - low), inside - low] };
}

/** Of each cell of a region along one axis. */
function samplesOf(
  region: { readonly node: Node; readonly half: boolean },
  span: { readonly from: number; readonly to: number; readonly size: number },
  cells: number,
): readonly (readonly Sample[])[] {
  const { node, half } = region;
  const scale = f32(floatAttr(node, 'spatial_scale', 1));
  const offset = half ? 0.5 : 0;
  const start = f32(f32(span.from * scale) - offset);
  const raw = f32(f32(f32(span.to * scale) - offset) - start);
  const length = half ? raw : Math.max(raw, 1);
  const cell = f32(length / cells);
  const stated = intAttr(node, 'sampling_ratio', 0);
  const count = stated > 0 ? stated : Math.ceil(cell);
  if (!(count <= maxSamples)) throw cannotEvaluate(node, `${count} samples in a cell are not taken here`);
  return Array.from({ length: cells }, (_, c) =>
    Array.from({ length: Math.max(0, count) }, (_, s) =>
      between(f32(f32(start + f32(c * cell)) + f32(f32((s + 0.5) * cell) / count)), span.size),
    ),
  );
}

/** Before opset 16 there was no half pixel. */
function isHalfPixel(node: Node, opset: number): boolean {
  if (opset < 16) return false;
  const mode = stringAttr(node, 'coordinate_transformation_mode', 'half_pixel');
  if (mode !== 'half_pixel' && mode !== 'output_half_pixel')
    throw impossible(node, `coordinate_transformation_mode '${mode}' is none of ONNX's`);
  return mode === 'half_pixel';
}

export const referenceRoiAlign: Reference = (context) => {
  const { node, opset } = context;
  const [data, rois] = [inputAt(context, 0), inputAt(context, 1)];
  const images = integersOf(inputAt(context, 2));
  const [batch, channels, height, width] = data.dims;
  if (
    data.dims.length !== 4 ||
    rois.dims.length !== 2 ||
    rois.dims[1] !== 4 ||
    images.length !== rois.dims[0]
  )
    throw impossible(node, `regions [${rois.dims.join(',')}] of [${data.dims.join(',')}]`);
  if (images.some((i) => !(i >= 0 && i < batch!)))
    throw impossible(node, `a region is of none of ${batch} images`);
  const mode = stringAttr(node, 'mode', 'avg');
  if (mode !== 'avg' && mode !== 'max') throw impossible(node, `mode '${mode}' is none of ONNX's`);
  const dims = [
    images.length,
    channels!,
    intAttr(node, 'output_height', 1),
    intAttr(node, 'output_width', 1),
  ];
  const result = new Float64Array(boundedCount(node, dims));
  const values = realsOf(node, data);
  const corners = realsOf(node, rois);
  const region = { node, half: isHalfPixel(node, opset) };
  let to = 0;
  for (const [r, image] of images.entries()) {
    const [x1, y1, x2, y2] = corners.subarray(4 * r, 4 * r + 4);
    const down = samplesOf(region, { from: y1!, to: y2!, size: height! }, dims[2]!);
    const across = samplesOf(region, { from: x1!, to: x2!, size: width! }, dims[3]!);
    for (let c = 0; c < channels!; c++) {
      const plane = (image * channels! + c) * height! * width!;
      for (const rows of down)
        for (const columns of across)
          result[to++] = pooled(values.subarray(plane, plane + height! * width!), width!, {
            rows,
            columns,
            mode,
          });
    }
  }
  return [roundReals(node, data.dtype, dims, result)];
};

/** The mean of the samples, or the largest of their four weighted corners. */
function pooled(
  plane: Float64Array,
  width: number,
  cell: {
    readonly rows: readonly Sample[];
    readonly columns: readonly Sample[];
    readonly mode: 'avg' | 'max';
  },
): number {
  let sum = 0;
  let largest = Number.NEGATIVE_INFINITY;
  for (const row of cell.rows)
    for (const column of cell.columns) {
      let [value, most] = [0, row.places.length * column.places.length === 0 ? 0 : Number.NEGATIVE_INFINITY];
      for (const [i, y] of row.places.entries())
        for (const [j, x] of column.places.entries()) {
          const part = row.weights[i]! * column.weights[j]! * plane[y * width + x]!;
          value += part;
          most = Math.max(most, part);
        }
      sum += value;
      largest = Math.max(largest, most);
    }
  const count = cell.rows.length * cell.columns.length;
  if (cell.mode === 'max') return count === 0 ? 0 : largest;
  return sum / Math.max(count, 1);
}
