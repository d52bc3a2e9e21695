/** NonMaxSuppression, in float32 an operation at a time, as onnxruntime: boxes at the threshold then fall alike. */
import { intAttr, Tensor } from '../../ir/index.ts';
import type { Reference } from '../contract.ts';
import { inputAt, integersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';

const f32 = Math.fround;

interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** [y1, x1, y2, x2] of any two opposite corners, or [x centre, y centre, width, height]. */
function boxAt(boxes: Float32Array, at: number, centred: boolean): Box {
  const [a, b, c, d] = [boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!];
  if (!centred)
    return { top: Math.min(a, c), left: Math.min(b, d), bottom: Math.max(a, c), right: Math.max(b, d) };
  const [halfWidth, halfHeight] = [c / 2, d / 2];
  return {
    top: f32(b - halfHeight),
    left: f32(a - halfWidth),
    bottom: f32(b + halfHeight),
    right: f32(a + halfWidth),
  };
}

/** Of boxes without area nothing overlaps. */
function overlaps(a: Box, b: Box, threshold: number): boolean {
  const width = f32(Math.min(a.right, b.right) - Math.max(a.left, b.left));
  const height = f32(Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  if (!(width > 0 && height > 0)) return false;
  const shared = f32(width * height);
  const [areaA, areaB] = [areaOf(a), areaOf(b)];
  const union = f32(f32(areaA + areaB) - shared);
  if (!(areaA > 0 && areaB > 0 && union > 0)) return false;
  return f32(shared / union) > threshold;
}

function areaOf(box: Box): number {
  return f32(f32(box.right - box.left) * f32(box.bottom - box.top));
}

function scalar(tensor: Tensor | undefined): number | undefined {
  return tensor === undefined || tensor.size === 0 ? undefined : tensor.toNumbers()[0];
}

/** Rows of [batch, class, box], by falling score; of equal scores the box of the lower index is first. */
export const referenceNonMaxSuppression: Reference = (context) => {
  const { node, inputs } = context;
  const [boxes, scores] = [inputAt(context, 0), inputAt(context, 1)];
  const [batches, count, four] = boxes.dims;
  const [scoreBatches, classes, scoreCount] = scores.dims;
  if (boxes.dims.length !== 3 || scores.dims.length !== 3 || four !== 4)
    throw impossible(node, `boxes [${boxes.dims.join(',')}], scores [${scores.dims.join(',')}]`);
  if (batches !== scoreBatches || count !== scoreCount)
    throw impossible(node, `boxes [${boxes.dims.join(',')}] and scores [${scores.dims.join(',')}] differ`);
  const most = inputs[2] === undefined ? 0 : (integersOf(inputs[2])[0] ?? 0);
  const overlap = scalar(inputs[3]) ?? 0;
  const least = scalar(inputs[4]) ?? Number.NEGATIVE_INFINITY;
  const centred = intAttr(node, 'center_point_box', 0) !== 0;
  const corners = boxes.data('float32');
  const points = scores.data('float32');
  const rows: number[] = [];
  for (let n = 0; n < batches!; n++) {
    const all = Array.from({ length: count! }, (_, i) => boxAt(corners, (n * count! + i) * 4, centred));
    for (let c = 0; c < classes!; c++) {
      const at = (n * classes! + c) * count!;
      const candidates = all
        .map((_, i) => i)
        .filter((i) => points[at + i]! > least || (inputs[4] === undefined && !Number.isNaN(points[at + i]!)))
        .sort((a, b) => points[at + b]! - points[at + a]! || a - b);
      const chosen: number[] = [];
      for (const i of candidates) {
        if (chosen.length >= most) break;
        if (!chosen.some((k) => overlaps(all[i]!, all[k]!, overlap))) chosen.push(i);
      }
      for (const i of chosen) rows.push(n, c, i);
    }
  }
  return [Tensor.from('int64', [rows.length / 3, 3], rows)];
};
