/** Functions of one code: 256 results, computed by the reference while compiling. */
import { elementCount } from '../../base/integer.ts';
import type { DType, Node, QuantParams } from '../../ir/index.ts';
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
  if (everyCode(context.inputQuant(input)) === undefined) return undefined;
  const others = Array.from({ length: inputCount }, (_, i) => context.constant(i));
  const single = others.every((tensor) => tensor === undefined || elementCount(tensor.dims) === 1);
  return single && node.outputs.slice(1).every((name) => name === '') ? input : undefined;
}

/** All codes of 8 bits from the lowest on, as a table has their results; undefined for other types, and several scales. */
export function everyCode(quant: QuantParams | undefined): Tensor | undefined {
  if (quant === undefined || quant.axis !== undefined) return undefined;
  const { dtype } = quant;
  if (dtype !== 'uint8' && dtype !== 'int8') return undefined;
  const { min } = quantizedRanges[dtype];
  const codes = Array.from({ length: 256 }, (_, i) => min + i);
  return Tensor.from(dtype, [256], codes);
}

/** Looks the results up that the reference gives for all codes of the input. */
function lowerAsTable(context: LowerContext, input: number): void {
  const { node, opset, inputCount } = context;
  const every = everyCode(context.inputQuant(input))!;
  const inputs = Array.from({ length: inputCount }, (_, i) => (i === input ? every : context.constant(i)));
  const [made] = referenceOnCodes({
    node,
    opset,
    inputs,
    inputQuant: inputs.map((_, i) => context.inputQuant(i)),
    outputQuant: node.outputs.map((_, i) => (i === 0 ? context.outputQuant(0) : undefined)),
    runBody: () => context.refuse('it has a body'),
  });
  lookUp(context, input, made!);
}

function lookUp(context: LowerContext, input: number, table: Tensor): void {
  const to = context.output(0);
  const { dtype } = context.outputQuant(0) ?? { dtype: to.element === 'f32' ? 'float32' : 'bool' };
  if (table.dtype !== dtype || !hasTable(dtype)) context.refuse(`there is no table of ${table.dtype}`);
  const bytes = dtype === 'int8' ? table.bytes().map((code) => code ^ 0x80) : table.bytes();
  lookUpView(context, expanded(context.input(input), to.dims), to, bytes);
}

/** What a table's results may be, as they are stored. */
export function hasTable(dtype: DType): boolean {
  return dtype === 'uint8' || dtype === 'int8' || dtype === 'float32' || dtype === 'bool';
}

const op = 'Table';
const domain = 'octavo';
/** Only what was made here is one, whatever a file calls its operators. */
const tables = new WeakMap<Node, Tensor>();

/** Looks up what the node would make of the codes: its 256 results, from the lowest code on. */
export function tableNode({ name, outputs }: Node, codes: string, results: Tensor): Node {
  const node: Node = { name, op, domain, inputs: [codes], outputs, attributes: new Map() };
  tables.set(node, results);
  return node;
}

export function isTable(node: Node): boolean {
  return tables.has(node);
}

export const tableLowerings: readonly Lowering[] = [
  {
    op,
    domain,
    narrow: isTable,
    lower(context) {
      const table = tables.get(context.node);
      if (table === undefined) return context.refuse('there is no kernel for the operator');
      lookUp(context, 0, table);
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
