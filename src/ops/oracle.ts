/**
 * Every operator with what the oracle computes of it. Apart from contracts.ts: who reads, calibrates and quantizes does not
 * load the arithmetic of 170 operators (a quarter of what a page would download).
 */
import type { Node } from '../ir/index.ts';
import { castOracle } from './cast/oracle.ts';
import { constantOracle } from './constant/oracle.ts';
import type { OracleContract, References } from './contract.ts';
import { contracts, operatorKey } from './contracts.ts';
import { controlOracle } from './control/oracle.ts';
import { convOracle } from './conv/oracle.ts';
import { detectionOracle } from './detection/oracle.ts';
import { elementwiseOracle } from './elementwise/oracle.ts';
import { withCodes } from './integer/index.ts';
import { matmulOracle } from './matmul/oracle.ts';
import { normalizationOracle } from './normalization/oracle.ts';
import { poolOracle } from './pool/oracle.ts';
import { withQLinear } from './qlinear/oracle.ts';
import { quantizationOracle } from './quantization/oracle.ts';
import { recurrentOracle } from './recurrent/oracle.ts';
import { reduceOracle } from './reduce/oracle.ts';
import { resizeOracle } from './resize/oracle.ts';
import { selectOracle } from './select/oracle.ts';
import { shapeOracle } from './shape/oracle.ts';
import { unaryOracle } from './unary/oracle.ts';

const references: References = {
  ...castOracle,
  ...constantOracle,
  ...controlOracle,
  ...convOracle,
  ...detectionOracle,
  ...elementwiseOracle,
  ...matmulOracle,
  ...normalizationOracle,
  ...poolOracle,
  ...quantizationOracle,
  ...recurrentOracle,
  ...reduceOracle,
  ...resizeOracle,
  ...selectOracle,
  ...shapeOracle,
  ...unaryOracle,
};

export const oracleContracts: readonly OracleContract[] = withQLinear(
  contracts.map((contract) => {
    const reference = contract.domain === undefined ? references[contract.op] : undefined;
    return withCodes(reference === undefined ? contract : { ...contract, reference });
  }),
);

const byKey = new Map(oracleContracts.map((c) => [operatorKey(c.domain ?? '', c.op), c]));

export function oracleOf(node: Pick<Node, 'op' | 'domain'>): OracleContract | undefined {
  return byKey.get(operatorKey(node.domain, node.op));
}
