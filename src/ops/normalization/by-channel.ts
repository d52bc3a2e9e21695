/** Normalizations with a scale and a shift for each channel (axis 1): in doubles, rounded once. */
import { elementCount } from '../../base/integer.ts';
import { pow } from '../../base/pow.ts';
import type { Node, Tensor } from '../../ir/index.ts';
import { floatAttr, intAttr } from '../../ir/index.ts';
import type { Reference, ReferenceContext } from '../contract.ts';
import { boundedCount, cannotEvaluate, makeNumbers, numbersOf } from '../elements.ts';
import { groupsAlong } from '../groups.ts';
import { impossible } from '../infer-readers.ts';
import type { Moments } from './moments.ts';
import { floatsAt, momentsOf, neighbours, perChannel } from './moments.ts';

interface Channels {
  readonly count: number;
  /** Elements of one channel of one sample. */
  readonly inner: number;
}

function channelsOf(node: Node, x: Tensor): Channels {
  if (x.dims.length < 2) throw impossible(node, `needs data of rank 2 or more, not [${x.dims.join(',')}]`);
  return { count: x.dims[1]!, inner: elementCount(x.dims.slice(2)) };
}

const epsilonOf = (node: Node): number => floatAttr(node, 'epsilon', Math.fround(1e-5));

/** (x - mean) / sqrt(variance + epsilon) * scale + shift. */
export const referenceBatchNormalization: Reference = (context) => {
  const { node } = context;
  const x = floatsAt(context, 0);
  const { count, inner } = channelsOf(node, x);
  if (intAttr(node, 'spatial', 1) === 0) throw cannotEvaluate(node, 'spatial = 0 is not computed');
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map((i) => perChannel(context, i, count));
  const training = trainingOf(context, x);
  const moments: readonly Moments[] =
    training ?? Array.from({ length: count }, (_, c) => ({ mean: mean![c]!, variance: variance![c]! }));
  const epsilon = epsilonOf(node);
  const deviation = moments.map((m) => Math.sqrt(m.variance + epsilon));
  const data = numbersOf(x);
  const y = makeNumbers(node, x.dtype, x.dims, (i) => {
    const c = Math.floor(i / inner) % count;
    return ((data[i]! - moments[c]!.mean) / deviation[c]!) * scale![c]! + shift![c]!;
  });
  if (training === undefined) return [y];
  const momentum = floatAttr(node, 'momentum', Math.fround(0.9));
  const running = (input: number, now: (m: Moments) => number): Tensor => {
    const before = floatsAt(context, input);
    const old = numbersOf(before);
    return makeNumbers(
      node,
      before.dtype,
      [count],
      (c) => old[c]! * momentum + now(training[c]!) * (1 - momentum),
    );
  };
  return [y, running(3, (m) => m.mean), running(4, (m) => m.variance)];
};

/** The batch's own statistics, in training. */
function trainingOf({ node, opset }: ReferenceContext, x: Tensor): readonly Moments[] | undefined {
  const more = node.outputs.slice(1).some((name) => name !== '');
  if (opset < 14) {
    if (more) throw cannotEvaluate(node, `statistics of training are not computed for opset ${opset}`);
    return undefined;
  }
  if (intAttr(node, 'training_mode', 0) === 0) {
    if (more) throw impossible(node, 'only training has more outputs than one');
    return undefined;
  }
  const data = numbersOf(x);
  const { starts, steps } = groupsAlong(x.dims, new Set([...x.dims.keys()].filter((axis) => axis !== 1)));
  return Array.from(starts, (start) => momentsOf(data, start, steps));
}

/** Neighbouring elements normalized together, `size` of them; then the scale and shift of each element's channel. */
function normalizeBlocks(
  node: Node,
  x: Tensor,
  size: number,
  affine: (i: number) => readonly [scale: number, shift: number],
): Tensor {
  const out = new Float64Array(boundedCount(node, x.dims));
  const data = numbersOf(x);
  const steps = neighbours(size);
  const epsilon = epsilonOf(node);
  for (let start = 0; start < out.length; start += size) {
    const { mean, variance } = momentsOf(data, start, steps);
    const deviation = Math.sqrt(variance + epsilon);
    for (let i = start; i < start + size; i++) {
      const [scale, shift] = affine(i);
      out[i] = ((data[i]! - mean) / deviation) * scale + shift;
    }
  }
  return makeNumbers(node, x.dtype, x.dims, (i) => out[i]!);
}

/** Each channel of each sample by itself. */
export const referenceInstanceNormalization: Reference = (context) => {
  const { node } = context;
  const x = floatsAt(context, 0);
  const { count, inner } = channelsOf(node, x);
  const [scale, shift] = [perChannel(context, 1, count), perChannel(context, 2, count)];
  return [
    normalizeBlocks(node, x, inner, (i) => {
      const c = Math.floor(i / inner) % count;
      return [scale[c]!, shift[c]!];
    }),
  ];
};

/** Groups of channels; scale and shift are of the groups in opset 18, of the channels from 21 on. */
export const referenceGroupNormalization: Reference = (context) => {
  const { node, opset } = context;
  const x = floatsAt(context, 0);
  const { count, inner } = channelsOf(node, x);
  const groups = intAttr(node, 'num_groups', 0);
  if (!(groups > 0) || count % groups !== 0)
    throw impossible(node, `${count} channels do not come in ${groups} groups`);
  const share = count / groups;
  const each = opset < 21 ? share : 1;
  const [scale, shift] = [perChannel(context, 1, count / each), perChannel(context, 2, count / each)];
  return [
    normalizeBlocks(node, x, inner * share, (i) => {
      const c = Math.floor((Math.floor(i / inner) % count) / each);
      return [scale[c]!, shift[c]!];
    }),
  ];
};

/** x / (bias + alpha / size * (sum of squares of the channels beside))^beta. */
export const referenceLrn: Reference = (context) => {
  const { node } = context;
  const x = floatsAt(context, 0);
  const { count, inner } = channelsOf(node, x);
  const size = intAttr(node, 'size', 0);
  if (!(size > 0)) throw impossible(node, `its size is ${size}`);
  const rate = floatAttr(node, 'alpha', Math.fround(1e-4)) / size;
  const beta = floatAttr(node, 'beta', 0.75);
  const bias = floatAttr(node, 'bias', 1);
  const [before, behind] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const data = numbersOf(x);
  return [
    makeNumbers(node, x.dtype, x.dims, (i) => {
      const c = Math.floor(i / inner) % count;
      let sum = 0;
      for (let k = Math.max(0, c - before); k <= Math.min(count - 1, c + behind); k++) {
        const value = data[i + (k - c) * inner]!;
        sum += value * value;
      }
      return data[i]! / pow(bias + rate * sum, beta);
    }),
  ];
};
