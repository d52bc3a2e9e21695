/** Functions of one element: a row each. The shape stays, and where nothing else is said the dtype too. */
import type { DType } from '../../ir/index.ts';
import { dtypeFromOnnx, intAttr } from '../../ir/index.ts';
import type { InferTypes, OperatorContract, QuantRule } from '../contract.ts';
import { dtypeAt, output, sameAsFirst, sameShapeAs, shapeAt } from '../infer-readers.ts';
import { evaluateClip, evaluateUnary } from './evaluate.ts';

const table: QuantRule = { kind: 'arithmetic', data: [0] };
const within = (low: number, high: number): QuantRule => ({ ...table, fixedOutput: [low, high] });

/** Table functions: one code in, one code out. A range that the function fixes is stated. */
const functions: Readonly<Record<string, QuantRule>> = {
  Abs: table,
  Acos: table,
  Acosh: table,
  Asin: table,
  Asinh: table,
  Atan: table,
  Atanh: table,
  Ceil: table,
  Celu: table,
  Cos: within(-1, 1),
  Cosh: table,
  Elu: table,
  Erf: within(-1, 1),
  Exp: table,
  Floor: table,
  Gelu: table,
  HardSigmoid: within(0, 1),
  HardSwish: table,
  LeakyRelu: table,
  Log: table,
  Mish: table,
  Neg: table,
  Reciprocal: table,
  Round: table,
  Selu: table,
  Shrink: table,
  Sigmoid: within(0, 1),
  Sign: within(-1, 1),
  Sin: within(-1, 1),
  Sinh: table,
  Softplus: table,
  Softsign: within(-1, 1),
  Sqrt: table,
  Swish: table,
  Tan: table,
  Tanh: within(-1, 1),
  ThresholdedRelu: table,
};

/** Computed ahead: those with one exact answer. The others differ in the last bit from engine to engine. */
const exact = new Set(['Abs', 'Ceil', 'Floor', 'Neg', 'Reciprocal', 'Round', 'Sign', 'Sqrt']);
export const inexactFunctions: readonly string[] = Object.keys(functions).filter((op) => !exact.has(op));

const dropout: InferTypes = (context) => {
  // The mask had the data's type before it became bool.
  const mask: DType | undefined = context.opset < 10 ? dtypeAt(context, 0) : 'bool';
  return [...sameAsFirst(context), output(mask, shapeAt(context, 0))];
};

const bernoulli: InferTypes = (context) => {
  const code = intAttr(context.node, 'dtype');
  return [output(code === undefined ? dtypeAt(context, 0) : dtypeFromOnnx(code), shapeAt(context, 0))];
};

export const unaryContracts: readonly OperatorContract[] = [
  ...Object.entries(functions).map(([op, quantize]) => ({
    op,
    infer: sameAsFirst,
    quantize,
    ...(exact.has(op) && { evaluate: evaluateUnary }),
  })),
  { op: 'Relu', infer: sameAsFirst, evaluate: evaluateUnary, quantize: { kind: 'activation' } },
  { op: 'Clip', infer: sameAsFirst, evaluate: evaluateClip, quantize: { kind: 'activation' } },
  {
    op: 'Identity',
    infer: sameAsFirst,
    moves: 'all',
    evaluate: evaluateUnary,
    quantize: { kind: 'shared', data: [0] },
  },
  // Out of training a Dropout is the identity; folding it is another pass's work, so it is not evaluated here.
  {
    op: 'Dropout',
    infer: dropout,
    quantize: { kind: 'shared', data: [0], outputs: [0] },
  },
  { op: 'Not', infer: sameShapeAs('bool'), evaluate: evaluateUnary },
  { op: 'BitwiseNot', infer: sameAsFirst, evaluate: evaluateUnary },
  { op: 'IsNaN', infer: sameShapeAs('bool'), evaluate: evaluateUnary },
  { op: 'IsInf', infer: sameShapeAs('bool') },
  { op: 'Bernoulli', infer: bernoulli },
  { op: 'RandomNormalLike', infer: bernoulli },
  { op: 'RandomUniformLike', infer: bernoulli },
];
