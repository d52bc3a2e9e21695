/** Functions of one element: of codes by a table, of floats by kernels. */
import type { Node } from '../../ir/index.ts';
import { floatAttr, stringAttr } from '../../ir/index.ts';
import { unaryContracts } from '../../ops/unary/index.ts';
import { maxFloats, minFloats } from '../kernels/float-elementwise.ts';
import type { FunctionKernel } from '../kernels/float-functions.ts';
import * as of from '../kernels/float-functions.ts';
import { combineViews } from './elementwise.ts';
import { floatInput, floatOutput } from './float-views.ts';
import type { Applied } from './function-views.ts';
import { applyToView } from './function-views.ts';
import type { LowerContext, Lowering } from './lowering.ts';
import { moveLowerings } from './move.ts';
import { tableLowering } from './table.ts';

/** Defaults are float32s, as stated attributes are. */
const attribute = (node: Node, name: string, fallback: number): number =>
  floatAttr(node, name, Math.fround(fallback));

const withAlpha =
  (kernel: FunctionKernel, fallback: number) =>
  (node: Node): Applied => ({ kernel, alpha: attribute(node, 'alpha', fallback) });

const functions: Readonly<Record<string, Applied | ((node: Node) => Applied | undefined)>> = {
  Abs: { kernel: of.abs },
  Acosh: { kernel: of.acoshFloats },
  Asinh: { kernel: of.asinhFloats },
  Atanh: { kernel: of.atanhFloats },
  Ceil: { kernel: of.ceil },
  Celu: withAlpha(of.celuFloats, 1),
  Cosh: { kernel: of.coshFloats },
  Elu: withAlpha(of.eluFloats, 1),
  Erf: { kernel: of.erfFloats },
  Exp: { kernel: of.expFloats },
  Floor: { kernel: of.floor },
  Gelu: gelu,
  HardSigmoid: (node) => ({
    kernel: of.hardSigmoidFloats,
    alpha: attribute(node, 'alpha', 0.2),
    beta: attribute(node, 'beta', 0.5),
  }),
  HardSwish: { kernel: of.hardSwishFloats, alpha: Math.fround(1 / 6), beta: 0.5 },
  LeakyRelu: withAlpha(of.leakyRelu, 0.01),
  Log: { kernel: of.lnFloats },
  Mish: { kernel: of.mishFloats },
  Neg: { kernel: of.neg },
  Reciprocal: { kernel: of.reciprocal },
  Relu: { kernel: of.relu },
  Round: { kernel: of.round },
  Selu: (node) => ({
    kernel: of.seluFloats,
    alpha: attribute(node, 'alpha', 1.6732632),
    beta: attribute(node, 'gamma', 1.050701),
  }),
  Shrink: (node) => ({
    kernel: of.shrink,
    alpha: attribute(node, 'lambd', 0.5),
    beta: attribute(node, 'bias', 0),
  }),
  Sigmoid: { kernel: of.sigmoidFloats },
  Sign: { kernel: of.sign },
  Sinh: { kernel: of.sinhFloats },
  Softplus: { kernel: of.softplusFloats },
  Softsign: { kernel: of.softsignFloats },
  Sqrt: { kernel: of.sqrt },
  Swish: withAlpha(of.swishFloats, 1),
  Tanh: { kernel: of.tanhFloats },
  ThresholdedRelu: withAlpha(of.thresholdedRelu, 1),
};

function gelu(node: Node): Applied | undefined {
  const form = stringAttr(node, 'approximate', 'none');
  if (form === 'none') return { kernel: of.geluFloats };
  return form === 'tanh' ? { kernel: of.geluTanhFloats } : undefined;
}

function lowerFunction(context: LowerContext): void {
  const { node } = context;
  const known = Object.hasOwn(functions, node.op) ? functions[node.op] : undefined;
  const applied = typeof known === 'function' ? known(node) : known;
  if (applied === undefined) context.refuse(`there is no kernel for ${node.op} of floats`);
  const from = floatInput(context, 0);
  floatOutput(context, 0, (to) => applyToView(context, applied, from, to));
}

/** Bounds that are not known yet, or are NaN, go by the operators that ONNX defines Clip by. */
function lowerClip(context: LowerContext): void {
  const { node } = context;
  const bound = (index: number, name: string, open: number): number | undefined =>
    context.has(index) ? context.constant(index)?.toNumbers()[0] : floatAttr(node, name, open);
  const low = bound(1, 'min', Number.NEGATIVE_INFINITY);
  const high = bound(2, 'max', Number.POSITIVE_INFINITY);
  const quantized = [1, 2].some((i) => context.inputQuant(i) !== undefined);
  const from = floatInput(context, 0);
  if (!quantized && low !== undefined && high !== undefined && !Number.isNaN(low) && !Number.isNaN(high)) {
    floatOutput(context, 0, (to) =>
      applyToView(context, { kernel: of.clip, alpha: low, beta: high }, from, to),
    );
    return;
  }
  const bounds = [1, 2].map((i) => (context.has(i) ? floatInput(context, i) : undefined));
  floatOutput(context, 0, (to) => {
    if (bounds[0] !== undefined) combineViews(context, maxFloats, [bounds[0], from], to);
    const raised = bounds[0] === undefined ? from : to;
    if (bounds[1] !== undefined) combineViews(context, minFloats, [bounds[1], raised], to);
  });
}

const moves = new Set(moveLowerings.map(({ op }) => op));
const operators = unaryContracts.map(({ op }) => op).filter((op) => !moves.has(op));

export const functionTables: readonly Lowering[] = operators.map(tableLowering);

export const functionLowerings: readonly Lowering[] = operators.map((op) => ({
  op,
  lower: op === 'Clip' ? lowerClip : lowerFunction,
}));
