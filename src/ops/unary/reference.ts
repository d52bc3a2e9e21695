/** Functions of one element in Octavo's own arithmetic: the whole formula in doubles, rounded once to the dtype. */
import { acos, asin, atan } from '../../base/arc.ts';
import { erf } from '../../base/erf.ts';
import { exp, expm1 } from '../../base/exp.ts';
import { acosh, asinh, atanh, cosh, sinh, tanh } from '../../base/hyperbolic.ts';
import { ln, ln1p } from '../../base/log.ts';
import { cos, sin, tan } from '../../base/trigonometric.ts';
import type { Node, Tensor } from '../../ir/index.ts';
import { floatAttr, intAttr, stringAttr } from '../../ir/index.ts';
import type { Reference, ReferenceContext } from '../contract.ts';
import { cannotEvaluate, inputAt, isFloat, makeNumbers, numbersOf } from '../elements.ts';

export type RealFunction = (x: number) => number;

/** 1 / (1 + e^-x), from the side on which nothing overflows. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + exp(-x));
  const e = exp(x);
  return e / (1 + e);
}

/** ln(1 + e^x). */
export function softplus(x: number): number {
  return x > 0 ? x + ln1p(exp(-x)) : ln1p(exp(x));
}

export function softsign(x: number): number {
  return x / (1 + Math.abs(x));
}

export function elu(alpha: number): RealFunction {
  return (x) => (x < 0 ? alpha * expm1(x) : x);
}

export function leakyRelu(alpha: number): RealFunction {
  return (x) => (x < 0 ? alpha * x : x);
}

export function thresholdedRelu(alpha: number): RealFunction {
  return (x) => (x > alpha ? x : 0);
}

export function hardSigmoid(alpha: number, beta: number): RealFunction {
  return (x) => {
    const y = alpha * x + beta;
    return y < 0 ? 0 : y > 1 ? 1 : y;
  };
}

/** x phi(x), phi the normal distribution's, or its approximation by tanh. */
function gelu(node: Node): RealFunction {
  const form = stringAttr(node, 'approximate', 'none');
  if (form === 'none') return (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
  if (form !== 'tanh') throw cannotEvaluate(node, `the approximation '${form}' is not known`);
  const slope = Math.sqrt(2 / Math.PI);
  return (x) => 0.5 * x * (1 + tanh(slope * (x + 0.044715 * x * x * x)));
}

/** Defaults are float32s, as stated attributes are. */
const attribute = (node: Node, name: string, fallback: number): number =>
  floatAttr(node, name, Math.fround(fallback));

function celu(node: Node): RealFunction {
  const alpha = attribute(node, 'alpha', 1);
  return (x) => (x < 0 ? alpha * expm1(x / alpha) : x);
}

function selu(node: Node): RealFunction {
  const alpha = attribute(node, 'alpha', 1.6732632);
  const gamma = attribute(node, 'gamma', 1.050701);
  return (x) => gamma * (x < 0 ? alpha * expm1(x) : x);
}

function shrink(node: Node): RealFunction {
  const [bias, lambda] = [attribute(node, 'bias', 0), attribute(node, 'lambd', 0.5)];
  return (x) => (x < -lambda ? x + bias : x > lambda ? x - bias : 0);
}

function hardSwish(): RealFunction {
  const gate = hardSigmoid(Math.fround(1 / 6), 0.5);
  return (x) => x * gate(x);
}

function swish(node: Node): RealFunction {
  const alpha = attribute(node, 'alpha', 1);
  return (x) => x * sigmoid(alpha * x);
}

const functions: Readonly<Record<string, (node: Node) => RealFunction>> = {
  Acos: () => acos,
  Acosh: () => acosh,
  Asin: () => asin,
  Asinh: () => asinh,
  Atan: () => atan,
  Atanh: () => atanh,
  Celu: celu,
  Cos: () => cos,
  Cosh: () => cosh,
  Elu: (node) => elu(attribute(node, 'alpha', 1)),
  Erf: () => erf,
  Exp: () => exp,
  Gelu: gelu,
  HardSigmoid: (node) => hardSigmoid(attribute(node, 'alpha', 0.2), attribute(node, 'beta', 0.5)),
  HardSwish: hardSwish,
  LeakyRelu: (node) => leakyRelu(attribute(node, 'alpha', 0.01)),
  Log: () => ln,
  Mish: () => (x) => x * tanh(softplus(x)),
  Selu: selu,
  Shrink: shrink,
  Sigmoid: () => sigmoid,
  Sin: () => sin,
  Sinh: () => sinh,
  Softplus: () => softplus,
  Softsign: () => softsign,
  Swish: swish,
  Tan: () => tan,
  Tanh: () => tanh,
  ThresholdedRelu: (node) => thresholdedRelu(attribute(node, 'alpha', 1)),
};

/** Floats; Shrink alone is defined for integers too, and cuts what is left behind the point. */
export const referenceUnary: Reference = (context) => {
  const { node } = context;
  const x = inputAt(context, 0);
  if (!isFloat(x.dtype) && node.op !== 'Shrink')
    throw cannotEvaluate(node, `${node.op} of ${x.dtype} is not defined`);
  const compute = functions[node.op]!(node);
  const data = numbersOf(x);
  return [makeNumbers(node, x.dtype, x.dims, (i) => compute(data[i]!))];
};

export const referenceIsInf: Reference = (context) => {
  const { node } = context;
  const x = inputAt(context, 0);
  if (!isFloat(x.dtype)) throw cannotEvaluate(node, `IsInf of ${x.dtype} is not computed`);
  const positive = intAttr(node, 'detect_positive', 1) !== 0;
  const negative = intAttr(node, 'detect_negative', 1) !== 0;
  const data = numbersOf(x);
  const counts = (value: number): boolean =>
    (positive && value === Number.POSITIVE_INFINITY) || (negative && value === Number.NEGATIVE_INFINITY);
  return [makeNumbers(node, 'bool', x.dims, (i) => (counts(data[i]!) ? 1 : 0))];
};

/** Out of training, or with nothing to drop, the data itself and a mask that keeps all of it. */
export const referenceDropout: Reference = (context) => {
  const { node, opset } = context;
  const x = inputAt(context, 0);
  if (trains(context)) throw cannotEvaluate(node, 'what training drops is drawn at random');
  const kept: Tensor = makeNumbers(node, opset < 10 ? x.dtype : 'bool', x.dims, () => 1);
  return [x, kept].slice(0, node.outputs.length);
};

function trains({ node, opset, inputs }: ReferenceContext): boolean {
  if (opset < 7) return intAttr(node, 'is_test', 0) === 0;
  const asked = inputs[2] !== undefined && inputs[2].toNumbers()[0] !== 0;
  const ratio = inputs[1]?.toNumbers()[0] ?? 0.5;
  return asked && ratio !== 0;
}
