/**
 * The sums of convolutions, in doubles. Each output starts from its bias and adds products in the order of the weight:
 * channel by channel, tap by tap. The loops run over places inside, which keeps that order at the speed of typed arrays.
 */
import type { Taps } from './taps.ts';

export interface WeightedSums {
  /** [batch, group, inputs, inputPlane] */
  readonly data: Float64Array;
  readonly weight: Float64Array;
  /** One an output channel of all groups. */
  readonly bias: Float64Array | undefined;
  readonly batch: number;
  readonly group: number;
  /** Channels in a group. */
  readonly inputs: number;
  readonly outputs: number;
  /** Elements of a channel. */
  readonly inputPlane: number;
  readonly outputPlane: number;
  /** From one group, output channel, input channel to the next in the weight; taps lie together. */
  readonly weightStrides: { readonly group: number; readonly output: number; readonly input: number };
  readonly taps: Taps;
}

/** [batch, group, outputs, outputPlane] */
export function weightedSums(sums: WeightedSums): Float64Array {
  const { bias, batch, group, inputs, outputs, inputPlane, outputPlane, weightStrides } = sums;
  const result = new Float64Array(batch * group * outputs * outputPlane);
  for (let n = 0; n < batch; n++)
    for (let g = 0; g < group; g++)
      for (let m = 0; m < outputs; m++) {
        const outAt = ((n * group + g) * outputs + m) * outputPlane;
        if (bias !== undefined) result.fill(bias[g * outputs + m]!, outAt, outAt + outputPlane);
        const plane = result.subarray(outAt, outAt + outputPlane);
        const dataAt = (n * group + g) * inputs * inputPlane;
        const weightAt = g * weightStrides.group + m * weightStrides.output;
        if (sums.taps.list.length === 1) addPointwise(sums, plane, { dataAt, weightAt });
        else addChannels(sums, plane, { dataAt, weightAt, channel: 0 });
      }
  return result;
}

interface Place {
  readonly dataAt: number;
  readonly weightAt: number;
}

function addChannels(sums: WeightedSums, plane: Float64Array, place: Place & { channel: number }): void {
  const { data, weight, inputs, inputPlane, weightStrides, taps } = sums;
  const { list, fromStep, toStep } = taps;
  for (let c = place.channel; c < inputs; c++)
    for (let t = 0; t < list.length; t++) {
      const { from, to, length } = list[t]!;
      const w = weight[place.weightAt + c * weightStrides.input + t]!;
      const channelAt = place.dataAt + c * inputPlane;
      for (let r = 0; r < from.length; r++) {
        const [x, y] = [channelAt + from[r]!, to[r]!];
        for (let k = 0; k < length; k++) plane[y + k * toStep]! += w * data[x + k * fromStep]!;
      }
    }
}

/** One tap: four channels a walk, one product after the other, which is the same sum. */
function addPointwise(sums: WeightedSums, plane: Float64Array, place: Place): void {
  const { data, weight, inputs, inputPlane, weightStrides, taps } = sums;
  const { fromStep, toStep } = taps;
  const { from, to, length } = taps.list[0]!;
  let c = 0;
  for (; c + 3 < inputs; c += 4) {
    const at = place.weightAt + c * weightStrides.input;
    const [w0, w1] = [weight[at]!, weight[at + weightStrides.input]!];
    const [w2, w3] = [weight[at + 2 * weightStrides.input]!, weight[at + 3 * weightStrides.input]!];
    for (let r = 0; r < from.length; r++) {
      const y = to[r]!;
      const x0 = place.dataAt + c * inputPlane + from[r]!;
      const [x1, x2, x3] = [x0 + inputPlane, x0 + 2 * inputPlane, x0 + 3 * inputPlane];
      for (let k = 0; k < length; k++) {
        const i = k * fromStep;
        let sum = plane[y + k * toStep]!;
        sum += w0 * data[x0 + i]!;
        sum += w1 * data[x1 + i]!;
        sum += w2 * data[x2 + i]!;
        sum += w3 * data[x3 + i]!;
        plane[y + k * toStep] = sum;
      }
    }
  }
  addChannels(sums, plane, { ...place, channel: c });
}
