/** LSTM, GRU and RNN. */
import type { Dim } from '../../ir/index.ts';
import { intAttr, stringAttr } from '../../ir/index.ts';
import type { InferTypes, OperatorContract } from '../contract.ts';
import { atLeastRank, dtypeAt, output, shapeAt } from '../infer-readers.ts';

/** Y [seq, directions, batch, hidden], Y_h and Y_c [directions, batch, hidden]; layout 1 has the batch in front. */
const recurrent: InferTypes = (context) => {
  const { node } = context;
  const data = atLeastRank(node, shapeAt(context, 0), 3);
  const hidden: Dim = intAttr(node, 'hidden_size') ?? shapeAt(context, 2)?.[2] ?? null;
  const directions = stringAttr(node, 'direction', 'forward') === 'bidirectional' ? 2 : 1;
  const batchFirst = intAttr(node, 'layout', 0) !== 0;
  const [first, second] = [data?.[0] ?? null, data?.[1] ?? null];
  const dtype = dtypeAt(context, 0);
  const state = output(dtype, batchFirst ? [first, directions, hidden] : [directions, second, hidden]);
  const all = batchFirst ? [first, second, directions, hidden] : [first, directions, second, hidden];
  return [output(dtype, all), state, state];
};

export const recurrentContracts: readonly OperatorContract[] = [
  { op: 'LSTM', infer: recurrent },
  { op: 'GRU', infer: recurrent },
  { op: 'RNN', infer: recurrent },
];
