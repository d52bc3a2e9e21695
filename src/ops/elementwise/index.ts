/** Operators of several inputs, element by element with broadcasting: arithmetic, comparison, logic, selection. */
import type { Dim, DType, Shape } from '../../ir/index.ts';
import { staticDims } from '../../ir/index.ts';
import { broadcastIndex, broadcastShapes } from '../broadcast.ts';
import type { InferContext, InferTypes, InferValues, OperatorContract, QuantRule } from '../contract.ts';
import { addDims, divDims, mulDims, subDims } from '../dims.ts';
import { dtypeAt, output, shapeAt } from '../infer-readers.ts';
import { evaluateBinary, evaluateMean, evaluatePow, evaluateWhere } from './evaluate.ts';

const everyInput: QuantRule = { kind: 'arithmetic', data: 'all' };

function broadcastAll(context: InferContext): Shape | undefined {
  return broadcastShapes(
    context.node,
    context.node.inputs.map((_, i) => shapeAt(context, i)),
  );
}

const arithmetic: InferTypes = (context) => {
  const dtypes = context.node.inputs.map((_, i) => dtypeAt(context, i));
  // Pow and BitShift may mix types and have the first one's; the others are uniform, so any input tells.
  const dtype: DType | undefined = dtypes[0] ?? (context.node.op === 'Pow' ? undefined : dtypes[1]);
  return [output(dtype, broadcastAll(context))];
};

const logical: InferTypes = (context) => [output('bool', broadcastAll(context))];

/** Sizes combined place by place; both inputs broadcast. */
function onDims(combine: (a: Dim, b: Dim) => Dim): InferValues {
  return (context) => {
    const values = [context.shapeValue(0), context.shapeValue(1)];
    const dims = [staticDims(shapeAt(context, 0)), staticDims(shapeAt(context, 1))];
    const to = staticDims(broadcastAll(context));
    if (to === undefined || dims.some((d) => d === undefined) || values.every((v) => v === undefined))
      return [undefined];
    const places = dims.map((d) => broadcastIndex(d!, to));
    const count = places[0]!.length;
    const at = (input: number, i: number): Dim => values[input]?.[places[input]![i]!] ?? null;
    return [Array.from({ length: count }, (_, i) => combine(at(0, i), at(1, i)))];
  };
}

/** 1 or 0 where it is certain: a named size is never negative. */
function equalDims(a: Dim, b: Dim): Dim {
  if (a === null || b === null) return null;
  if (a === b) return 1;
  if (typeof a === 'number' && typeof b === 'number') return 0;
  return (typeof a === 'number' && a < 0) || (typeof b === 'number' && b < 0) ? 0 : null;
}

const keepEqual = (a: Dim, b: Dim): Dim => (a === b ? a : null);

/** The side taken where the condition is known; where it is not, a size both sides agree on. */
const whereValues: InferValues = (context) => {
  const [condition, yes, no] = [context.shapeValue(0), context.shapeValue(1), context.shapeValue(2)];
  const dims = [0, 1, 2].map((i) => staticDims(shapeAt(context, i)));
  const to = staticDims(broadcastAll(context));
  if (to === undefined || dims.some((d) => d === undefined)) return [undefined];
  const places = dims.map((d) => broadcastIndex(d!, to));
  const at = (values: Shape | undefined, input: number, i: number): Dim =>
    values?.[places[input]![i]!] ?? null;
  return [
    Array.from(places[0]!, (_, i) => {
      const [a, b, c] = [at(yes, 1, i), at(no, 2, i), at(condition, 0, i)];
      return c === null ? keepEqual(a, b) : c !== 0 ? a : b;
    }),
  ];
};

const binary = (op: string, quantize?: QuantRule, inferValues?: InferValues): OperatorContract => ({
  op,
  infer: arithmetic,
  evaluate: evaluateBinary,
  ...(quantize && { quantize }),
  ...(inferValues && { inferValues }),
});

const comparison = (op: string): OperatorContract => ({ op, infer: logical, evaluate: evaluateBinary });

export const elementwiseContracts: readonly OperatorContract[] = [
  binary('Add', everyInput, onDims(addDims)),
  binary('Sub', everyInput, onDims(subDims)),
  binary('Mul', everyInput, onDims(mulDims)),
  binary('Div', everyInput, onDims(divDims)),
  binary('Max', everyInput, onDims(keepEqual)),
  binary('Min', everyInput, onDims(keepEqual)),
  binary('Sum', everyInput),
  binary('Mod'),
  binary('BitShift'),
  binary('BitwiseAnd'),
  binary('BitwiseOr'),
  binary('BitwiseXor'),
  {
    op: 'Mean',
    infer: arithmetic,
    evaluate: evaluateMean,
    quantize: everyInput,
  },
  {
    op: 'Pow',
    infer: arithmetic,
    evaluate: evaluatePow,
    quantize: { kind: 'arithmetic', data: [0] },
  },
  {
    op: 'PRelu',
    infer: arithmetic,
    quantize: { kind: 'arithmetic', data: [0, 1] },
  },
  { ...comparison('Equal'), inferValues: onDims(equalDims) },
  ...['Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'And', 'Or', 'Xor'].map(comparison),
  {
    op: 'Where',
    infer: (context) => [output(dtypeAt(context, 1) ?? dtypeAt(context, 2), broadcastAll(context))],
    inferValues: whereValues,
    evaluate: evaluateWhere,
    quantize: { kind: 'shared', data: [1, 2] },
  },
];
