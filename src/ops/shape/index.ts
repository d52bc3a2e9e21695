/** Operators that change or tell the shape and keep every value. */
import type { Dim, Node, Shape } from '../../ir/index.ts';
import { intAttr, intsAttr, Tensor } from '../../ir/index.ts';
import { givenAxes } from '../axes.ts';
import { broadcastShapes } from '../broadcast.ts';
import { shapeFromInput } from '../constant/index.ts';
import type { InferContext, InferTypes, OperatorContract, QuantRule } from '../contract.ts';
import { divDims, mulDims, productOf, unknownDims } from '../dims.ts';
import { inputAt } from '../elements.ts';
import { atLeastRank, dtypeAt, impossible, maxRank, output, sameAsFirst, shapeAt } from '../infer-readers.ts';
import {
  evaluateExpand,
  evaluateFlatten,
  evaluateReshape,
  evaluateSqueeze,
  evaluateTile,
  evaluateTranspose,
  evaluateUnsqueeze,
} from './evaluate.ts';
import { flattenedShape, permutation, squeezedShape, unsqueezedShape } from './relabel.ts';
import { reshapedShape } from './reshape.ts';

const shared: QuantRule = { kind: 'shared', data: [0] };

const moved = (shape: (context: InferContext) => Shape | undefined): InferTypes => {
  return (context) => [output(dtypeAt(context, 0), shape(context))];
};

function tiledShape(context: InferContext): Shape | undefined {
  const data = shapeAt(context, 0);
  const repeats = context.shapeValue(1);
  if (repeats !== undefined && data !== undefined && repeats.length !== data.length)
    throw impossible(context.node, `${repeats.length} repeats for [${data.join(',')}]`);
  return data?.map((d, i) => mulDims(d, repeats?.[i] ?? null));
}

function blocksToDepth(context: InferContext): Shape | undefined {
  const data = atLeastRank(context.node, shapeAt(context, 0), 4);
  const block = intAttr(context.node, 'blocksize', 1);
  if (!(block >= 1)) throw impossible(context.node, `blocksize ${block} is not positive`);
  if (data === undefined) return undefined;
  const [n, c, h, w] = data as [Dim, Dim, Dim, Dim];
  return context.node.op === 'SpaceToDepth'
    ? [n, mulDims(c, block * block), divDims(h, block), divDims(w, block)]
    : [n, divDims(c, block * block), mulDims(h, block), mulDims(w, block)];
}

/** The slice of the dims that `start` and `end` (opset 15) ask for; bounds are clamped, not refused. */
function toldDims(node: Node, data: Shape): Shape {
  const end = intAttr(node, 'end');
  return data.slice(intAttr(node, 'start', 0), end);
}

export const shapeContracts: readonly OperatorContract[] = [
  {
    op: 'Shape',
    infer: (context) => {
      const data = shapeAt(context, 0);
      return [output('int64', [data ? toldDims(context.node, data).length : null])];
    },
    inferValues: (context) => {
      const data = shapeAt(context, 0);
      return [data && toldDims(context.node, data)];
    },
    evaluate: (context) => {
      const dims = toldDims(context.node, inputAt(context, 0).dims) as readonly number[];
      return [Tensor.from('int64', [dims.length], dims)];
    },
  },
  {
    op: 'Size',
    infer: () => [output('int64', [])],
    inferValues: (context) => {
      const data = shapeAt(context, 0);
      return [data && [productOf(data)]];
    },
    evaluate: (context) => [Tensor.from('int64', [], [inputAt(context, 0).size])],
  },
  {
    op: 'Reshape',
    infer: moved((context) => {
      const target = context.shapeValue(1);
      if (target !== undefined) return reshapedShape(context.node, shapeAt(context, 0), target);
      const rank = shapeAt(context, 1)?.[0];
      return typeof rank === 'number' && rank <= maxRank ? unknownDims(rank) : undefined;
    }),
    moves: [0],
    evaluate: evaluateReshape,
    quantize: shared,
  },
  {
    op: 'Flatten',
    infer: moved((context) => {
      const data = shapeAt(context, 0);
      return data ? flattenedShape(context.node, data) : [null, null];
    }),
    moves: [0],
    evaluate: evaluateFlatten,
    quantize: shared,
  },
  {
    op: 'Transpose',
    infer: moved((context) => {
      const data = shapeAt(context, 0);
      const given = intsAttr(context.node, 'perm');
      if (data === undefined) return given && unknownDims(given.length);
      return permutation(context.node, data.length).map((axis) => data[axis]!);
    }),
    moves: [0],
    evaluate: evaluateTranspose,
    quantize: shared,
  },
  {
    op: 'Squeeze',
    infer: moved((context) => {
      const data = shapeAt(context, 0);
      const axes = givenAxes(context, 1);
      return data && axes !== 'unknown' ? squeezedShape(context.node, data, axes) : undefined;
    }),
    moves: [0],
    evaluate: evaluateSqueeze,
    quantize: shared,
  },
  {
    op: 'Unsqueeze',
    infer: moved((context) => {
      const data = shapeAt(context, 0);
      const axes = givenAxes(context, 1);
      return data && typeof axes === 'object' ? unsqueezedShape(context.node, data, axes) : undefined;
    }),
    moves: [0],
    evaluate: evaluateUnsqueeze,
    quantize: shared,
  },
  {
    op: 'Expand',
    infer: moved((context) =>
      broadcastShapes(context.node, [shapeAt(context, 0), shapeFromInput(context, 1)]),
    ),
    moves: [0],
    evaluate: evaluateExpand,
    quantize: shared,
  },
  { op: 'Tile', infer: moved(tiledShape), moves: [0], evaluate: evaluateTile, quantize: shared },
  { op: 'DepthToSpace', infer: moved(blocksToDepth), quantize: shared },
  { op: 'SpaceToDepth', infer: moved(blocksToDepth), quantize: shared },
  // The order of the values does not matter to their parameters.
  { op: 'ReverseSequence', infer: sameAsFirst, quantize: shared },
];
