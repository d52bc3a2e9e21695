/**
 * Whether colours stand in the order the model knows: with red and blue exchanged a classifier is less sure of itself.
 * Its answers to each image as given and exchanged are compared, so that easy and hard images weigh alike.
 */
import type { Port } from '../ir/index.ts';
import { dtypeOf, shapeOf, Tensor } from '../ir/index.ts';

/** Where an input has three channels; undefined for other inputs. */
export function colourAxis(port: Port): 1 | 3 | undefined {
  const shape = shapeOf(port.type);
  if (dtypeOf(port.type) !== 'float32' || shape?.length !== 4) return undefined;
  return shape[1] === 3 ? 1 : shape[3] === 3 ? 3 : undefined;
}

/** The image with its first and third channel exchanged. */
export function exchanged(image: Tensor, axis: 1 | 3): Tensor {
  const from = image.data('float32');
  const out = from.slice();
  const inner = axis === 1 ? image.size / (3 * image.dims[0]!) : 1;
  for (let start = 0; start < from.length; start += 3 * inner)
    for (let i = 0; i < inner; i++) {
      out[start + i] = from[start + 2 * inner + i]!;
      out[start + 2 * inner + i] = from[start + i]!;
    }
  return Tensor.of('float32', image.dims, out);
}

/** How far the best score is above the second. */
export function lead(scores: ArrayLike<number>): number {
  let best = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (score > best) [best, second] = [score, best];
    else if (score > second) second = score;
  }
  return best - second;
}

/** Mean of the differences in its own standard errors; 0 where they do not vary. */
export function standardErrors(differences: readonly number[]): number {
  const count = differences.length;
  if (count < 2) return 0;
  const mean = differences.reduce((sum, d) => sum + d, 0) / count;
  const variance = differences.reduce((sum, d) => sum + (d - mean) * (d - mean), 0) / (count - 1);
  return variance > 0 ? mean / Math.sqrt(variance / count) : 0;
}
