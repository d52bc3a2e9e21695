/** Clamping operators as an interval, and an interval as the operator that says it best. */
import type { Attribute, Draft, Node } from '../ir/index.ts';
import { attr, floatAttr, isOnnxDomain, Tensor } from '../ir/index.ts';
import { singleValue } from './constant-values.ts';
import { constantOperand, keepsRank } from './linear-node.ts';
import type { ValueTypes } from './value-types.ts';

export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/** A clamp: what it reads and to which interval it holds it, lo <= hi. */
export interface Clamp extends Interval {
  readonly input: string;
}

export const everything: Interval = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };

const maxFloat = (2 - 2 ** -23) * 2 ** 127;

/** Operators whose results always lie in an interval. Not Sqrt: its NaN would be 0 after a Relu. */
const producedIntervals: Readonly<Record<string, Interval>> = {
  Sigmoid: { lo: 0, hi: 1 },
  HardSigmoid: { lo: 0, hi: 1 },
  Softmax: { lo: 0, hi: 1 },
  Tanh: { lo: -1, hi: 1 },
  Erf: { lo: -1, hi: 1 },
  Exp: { lo: 0, hi: Number.POSITIVE_INFINITY },
  Softplus: { lo: 0, hi: Number.POSITIVE_INFINITY },
  Abs: { lo: 0, hi: Number.POSITIVE_INFINITY },
};

/**
 * Relu, Clip, or Min and Max with a constant, on float32, as a clamp. Undefined for bounds that are not one
 * constant number each, that are NaN, or that leave nothing between them (each tool then does its own).
 */
export function clampOf(draft: Draft, node: Node, opset: number, types: ValueTypes): Clamp | undefined {
  if (!isOnnxDomain(node.domain)) return undefined;
  const input = node.inputs[0] ?? '';
  switch (node.op) {
    case 'Relu':
      return isFloat32(types, input) ? { input, lo: 0, hi: Number.POSITIVE_INFINITY } : undefined;
    case 'Clip': {
      if (!isFloat32(types, input)) return undefined;
      const lo = opset < 11 ? floatAttr(node, 'min', -maxFloat) : bound(draft, node.inputs[1], everything.lo);
      const hi = opset < 11 ? floatAttr(node, 'max', maxFloat) : bound(draft, node.inputs[2], everything.hi);
      return lo === undefined || hi === undefined ? undefined : sound({ input, lo, hi });
    }
    case 'Min':
    case 'Max': {
      const operands = opset < 8 ? undefined : constantOperand(draft, node);
      if (operands?.constant.dtype !== 'float32') return undefined;
      const limit = singleValue(operands.constant);
      if (limit === undefined || !keepsRank(operands.constant, types.rank(operands.value))) return undefined;
      return sound({ input: operands.value, ...everything, [node.op === 'Min' ? 'hi' : 'lo']: limit });
    }
    default:
      return undefined;
  }
}

/** The interval in which the value surely lies. */
export function intervalOf(draft: Draft, value: string, opset: number, types: ValueTypes): Interval {
  const maker = draft.producer(value);
  if (maker === undefined || !isOnnxDomain(maker.domain)) return everything;
  return clampOf(draft, maker, opset, types) ?? producedIntervals[maker.op] ?? everything;
}

/** First `inner`, then `outer`. */
export function composed(inner: Interval, outer: Interval): Interval {
  const within = (x: number): number => Math.min(Math.max(x, outer.lo), outer.hi);
  return { lo: within(inner.lo), hi: within(inner.hi) };
}

export function contains(outer: Interval, inner: Interval): boolean {
  return outer.lo <= inner.lo && inner.hi <= outer.hi;
}

/** Replaces the node by the clamp: a Relu where it is one, else a Clip in the opset's form. False when it stood so already. */
export function writeClamp(draft: Draft, node: Node, clamp: Clamp, opset: number): boolean {
  const { input, lo, hi } = clamp;
  const relu = lo === 0 && hi === Number.POSITIVE_INFINITY;
  if (relu && node.op === 'Relu' && node.inputs[0] === input) return false;
  if (relu) {
    draft.replace(node, { op: 'Relu', inputs: [input], attributes: new Map() });
    return true;
  }
  if (opset < 11) return writeOldClip(draft, node, clamp);
  const clip = node.op === 'Clip' && isOnnxDomain(node.domain) ? node : undefined;
  const bounds = [scalar(draft, clip?.inputs[1], lo), scalar(draft, clip?.inputs[2], hi)] as const;
  if (
    clip?.inputs[0] === input &&
    bounds.every((b, i) => b !== undefined && b === (clip.inputs[i + 1] ?? ''))
  )
    return false;
  const constant = (end: string, value: number): string =>
    draft.addConstant(`${node.outputs[0]}_${end}`, Tensor.from('float32', [], [value]));
  const inputs = [input, bounds[0] ?? constant('min', lo), bounds[1] ?? constant('max', hi)];
  if (inputs[2] === '') inputs.pop();
  draft.replace(node, { op: 'Clip', inputs, attributes: new Map() });
  return true;
}

/** The name of a bound as it stands, when it says this value as a scalar: '' for none. Undefined: one must be made. */
function scalar(draft: Draft, name: string | undefined, value: number): string | undefined {
  if (!Number.isFinite(value)) return '';
  const tensor = draft.constant(name ?? '');
  return tensor?.dims.length === 0 && singleValue(tensor) === value ? name : undefined;
}

function writeOldClip(draft: Draft, node: Node, { input, lo, hi }: Clamp): boolean {
  const same =
    node.op === 'Clip' &&
    node.inputs[0] === input &&
    node.attributes.has('min') === Number.isFinite(lo) &&
    node.attributes.has('max') === Number.isFinite(hi) &&
    (!Number.isFinite(lo) || floatAttr(node, 'min') === lo) &&
    (!Number.isFinite(hi) || floatAttr(node, 'max') === hi);
  if (same) return false;
  const attributes = new Map<string, Attribute>();
  if (Number.isFinite(lo)) attributes.set('min', attr.float(lo));
  if (Number.isFinite(hi)) attributes.set('max', attr.float(hi));
  draft.replace(node, { op: 'Clip', inputs: [input], attributes });
  return true;
}

function isFloat32(types: ValueTypes, value: string): boolean {
  const type = types.type(value);
  return type?.kind === 'tensor' && type.dtype === 'float32';
}

function bound(draft: Draft, name: string | undefined, absent: number): number | undefined {
  if (name === undefined || name === '') return absent;
  const tensor = draft.constant(name);
  return tensor?.dtype === 'float32' ? singleValue(tensor) : undefined;
}

/** The largest floats bound nothing. */
function sound(clamp: Clamp): Clamp | undefined {
  const lo = clamp.lo <= -maxFloat ? everything.lo : clamp.lo;
  const hi = clamp.hi >= maxFloat ? everything.hi : clamp.hi;
  return lo <= hi && lo < maxFloat && hi > -maxFloat ? { input: clamp.input, lo, hi } : undefined;
}
