/** Functions of one code: 256 results, computed by the reference while compiling. */
import { elementCount } from '../../base/integer.ts';
import type { Node } from '../../ir/index.ts';
import { quantizedRanges, Tensor } from '../../ir/index.ts';
import { referenceOnCodes } from '../../ops/index.ts';
import { lookUpView } from './crossing-views.ts';
import type { LowerContext, Lowering } from './lowering.ts';
import { expanded } from './move-views.ts';

/**
 * The one input that is codes in memory, where every other is a constant of one element; undefined where the operator is no
 * function of one code.
 */
function tableInput(context: LowerContext): number | undefined {
  const { node, inputCount } = context;
  const open = Array.from({ length: inputCount }, (_, i) => i).filter(
    (i) => context.has(i) && context.constant(i) === undefined,
  );
  const [input] = open;
  if (open.length !== 1 || input === undefined) return undefined;
  const quant = context.inputQuant(input);
  if (quant === undefined || quant.axis !== undefined || (quant.dtype !== 'uint8' && quant.dtype !== 'int8'))
    return undefined;
  const others = Array.from({ length: inputCount }, (_, i) => context.constant(i));
  const single = others.every((tensor) => tensor === undefined || elementCount(tensor.dims) === 1);
  return single && node.outputs.slice(1).every((name) => name === '') ? input : undefined;
}

/** Looks the results up that the reference gives for all codes of the input. */
function lowerAsTable(context: LowerContext, input: number): void {
  const { node, opset, inputCount } = context;
  const { dtype } = context.inputQuant(input)!;
  const { min } = quantizedRanges[dtype];
  const every = Tensor.from(
    dtype as 'uint8',
    [256],
    Array.from({ length: 256 }, (_, i) => min + i),
  );
  const inputs = Array.from({ length: inputCount }, (_, i) => (i === input ? every : context.constant(i)));
  const [made] = referenceOnCodes({
    node,
    opset,
    inputs,
    inputQuant: inputs.map((_, i) => context.inputQuant(i)),
    outputQuant: node.outputs.map((_, i) => (i === 0 ? context.outputQuant(0) : undefined)),
    runBody: () => context.refuse('it has a body'),
  });
  const to = context.output(0);
  lookUpView(context, expanded(context.input(input), to.dims), to, storedTable(context, made!));
}

function storedTable(context: LowerContext, made: Tensor): Uint8Array {
  const quant = context.outputQuant(0);
  if (quant === undefined && (made.dtype === 'float32' || made.dtype === 'bool')) return made.bytes();
  if (quant?.dtype === 'uint8') return made.bytes();
  if (quant?.dtype === 'int8') return made.bytes().map((code) => code ^ 0x80);
  context.refuse(`there is no table of ${made.dtype}`);
}

const domain = 'octavo';
const op = 'Table';

/** Looks up what the node would make, in a constant of the 256 results by code, from the lowest. */
export function tableNode({ name, outputs }: Node, codes: string, table: string): Node {
  return { name, op, domain, inputs: [codes, table], outputs, attributes: new Map() };
}

export const tableLowerings: readonly Lowering[] = [
  {
    op,
    domain,
    lower(context) {
      const table = storedTable(context, context.constant(1)!);
      lookUpView(context, context.input(0), context.output(0), table);
    },
  },
];

/** The operator where it is a function of one code. */
export function tableLowering(op: string): Lowering {
  return {
    op,
    takes: (context) => tableInput(context) !== undefined,
    lower: (context) => lowerAsTable(context, tableInput(context)!),
  };
}
