/** Which inputs an output place of an interpolating Resize mixes along one axis, and by how much. In doubles. */

/** Ascending places inside the axis. */
export interface Mix {
  readonly places: readonly number[];
  readonly weights: readonly number[];
}

export interface Kernel {
  /** How far from its centre it reaches. */
  readonly reach: number;
  readonly at: (distance: number) => number;
}

export const linearKernel: Kernel = { reach: 1, at: (t) => (t < 1 ? 1 - t : 0) };

/** Keys 1981, as ONNX writes it. */
export function cubicKernel(a: number): Kernel {
  return {
    reach: 2,
    at: (t) => {
      if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
      return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
    },
  };
}

export interface MixOptions {
  /** Under antialias the kernel of a shrinking axis is widened by 1 / scale; otherwise 1. */
  readonly squeeze: number;
  /** Places outside weigh nothing; otherwise the edge stands for them. */
  readonly excludeOutside: boolean;
}

/** `x` among inputs 0 .. size - 1. Widened or cut weights are divided by their sum. */
export function mixAt(x: number, size: number, kernel: Kernel, options: MixOptions): Mix {
  const { squeeze, excludeOutside } = options;
  const reach = kernel.reach / squeeze;
  const byPlace = new Map<number, number>();
  let sum = 0;
  for (let i = Math.ceil(x - reach); i <= Math.floor(x + reach); i++) {
    const inside = i >= 0 && i < size;
    if (!inside && excludeOutside) continue;
    const weight = kernel.at(Math.abs(i - x) * squeeze);
    if (weight === 0) continue;
    const place = Math.min(Math.max(i, 0), size - 1);
    byPlace.set(place, (byPlace.get(place) ?? 0) + weight);
    sum += weight;
  }
  const divided = squeeze !== 1 || excludeOutside;
  const weights = [...byPlace.values()];
  return { places: [...byPlace.keys()], weights: divided ? weights.map((w) => w / sum) : weights };
}
