/** Which operators have integer arithmetic of their own: attached to the contracts here, in one list. */
import type { CodesReference, OracleContract } from '../contract.ts';
import { unaryContracts } from '../unary/index.ts';
import {
  averagePoolOnCodes,
  globalAveragePoolOnCodes,
  reduceMeanOnCodes,
  reduceSumOnCodes,
} from './averages.ts';
import { addOnCodes, meanOnCodes, mulOnCodes, subOnCodes } from './elementwise.ts';
import { convOnCodes, convTransposeOnCodes, gemmOnCodes, matMulOnCodes } from './linear.ts';
import { movedOnCodes, resizedOnCodes, tableOnCodes } from './moves.ts';

const own: ReadonlyMap<string, CodesReference> = new Map([
  ['Conv', convOnCodes],
  ['ConvTranspose', convTransposeOnCodes],
  ['Gemm', gemmOnCodes],
  ['MatMul', matMulOnCodes],
  ['Add', addOnCodes],
  ['Sub', subOnCodes],
  ['Sum', addOnCodes],
  ['Mean', meanOnCodes],
  ['Mul', mulOnCodes],
  ['AveragePool', averagePoolOnCodes],
  ['GlobalAveragePool', globalAveragePoolOnCodes],
  ['ReduceMean', reduceMeanOnCodes],
  ['ReduceSum', reduceSumOnCodes],
]);

/** Functions of one element. */
const tables: ReadonlySet<string> = new Set(
  unaryContracts.filter((c) => isKind(c, 'arithmetic') || isKind(c, 'activation')).map((c) => c.op),
);

function isKind({ quantize }: OracleContract, kind: string): boolean {
  return typeof quantize === 'object' && quantize.kind === kind;
}

function codesOf(contract: OracleContract): CodesReference | undefined {
  const { op } = contract;
  if (op === 'Resize' || op === 'Upsample') return resizedOnCodes(contract);
  if (tables.has(op)) return tableOnCodes(contract);
  const moves = isKind(contract, 'shared') || typeof contract.quantize === 'function';
  return own.get(op) ?? (moves ? movedOnCodes(contract) : undefined);
}

/** The contract with its integer arithmetic; what has none goes by way of float. */
export function withCodes(contract: OracleContract): OracleContract {
  const codes = contract.domain === undefined ? codesOf(contract) : undefined;
  return codes === undefined ? contract : { ...contract, codes };
}
