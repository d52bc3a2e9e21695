/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { referenceEinsum } from './einsum-reference.ts';
import { referenceGemm, referenceMatMul } from './reference.ts';

export const matmulOracle: References = {
  MatMul: referenceMatMul,
  Gemm: referenceGemm,
  Einsum: referenceEinsum,
};
