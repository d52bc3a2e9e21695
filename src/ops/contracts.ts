/** Every operator Octavo knows, by domain and name. An operator that is not here is carried, not worked on. */
import type { Node } from '../ir/index.ts';
import { isOnnxDomain } from '../ir/index.ts';
import { attentionContracts } from './attention/index.ts';
import { castContracts } from './cast/index.ts';
import { constantContracts } from './constant/index.ts';
import type { OperatorContract } from './contract.ts';
import { controlContracts } from './control/index.ts';
import { convContracts } from './conv/index.ts';
import { detectionContracts } from './detection/index.ts';
import { elementwiseContracts } from './elementwise/index.ts';
import { matmulContracts } from './matmul/index.ts';
import { normalizationContracts } from './normalization/index.ts';
import { poolContracts } from './pool/index.ts';
import { withMicrosoft } from './qlinear/index.ts';
import { quantizationContracts } from './quantization/index.ts';
import { recurrentContracts } from './recurrent/index.ts';
import { reduceContracts } from './reduce/index.ts';
import { resizeContracts } from './resize/index.ts';
import { selectContracts } from './select/index.ts';
import { shapeContracts } from './shape/index.ts';
import { unaryContracts } from './unary/index.ts';

const families: readonly OperatorContract[] = [
  ...attentionContracts,
  ...castContracts,
  ...constantContracts,
  ...controlContracts,
  ...convContracts,
  ...detectionContracts,
  ...elementwiseContracts,
  ...matmulContracts,
  ...normalizationContracts,
  ...poolContracts,
  ...quantizationContracts,
  ...recurrentContracts,
  ...reduceContracts,
  ...resizeContracts,
  ...selectContracts,
  ...shapeContracts,
  ...unaryContracts,
];

export const contracts: readonly OperatorContract[] = withMicrosoft(families);

/** The same for both names of ONNX's own domain. */
export const operatorKey = (domain: string, op: string): string =>
  `${isOnnxDomain(domain) ? '' : domain}:${op}`;

const byKey = new Map(contracts.map((c) => [operatorKey(c.domain ?? '', c.op), c]));

export function contractOf(node: Pick<Node, 'op' | 'domain'>): OperatorContract | undefined {
  return byKey.get(operatorKey(node.domain, node.op));
}
