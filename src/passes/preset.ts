/**
 * What every float model goes through before it is calibrated and quantized. The order matters: padding and
 * products take their final form before scales and shifts look for weights to go into, clamps merge when
 * nothing stands between them any more, and a classifier's Conv becomes a Gemm when nothing else wants it.
 */
import type { Model } from '../ir/index.ts';
import { dropObligatoryInputs } from './drop-obligatory-inputs.ts';
import { foldAffine } from './fold-affine.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';
import { foldConstants } from './fold-constants.ts';
import { foldPad } from './fold-pad.ts';
import { fuseMatmulAdd } from './fuse-matmul-add.ts';
import { mergeActivations } from './merge-activations.ts';
import { type Pass, runPasses } from './pass.ts';
import { pointwiseToGemm } from './pointwise-to-gemm.ts';
import { removeNoOps } from './remove-no-ops.ts';
import { upgradeOpset } from './upgrade-opset.ts';

/** The opset whose form of each operator the fusions leave: the first with QuantizeLinear for each channel. */
const opset = 13;

/** One round of fusions, in order. Each makes the graph smaller or simpler, so rounds come to an end. */
export const fusionPasses: readonly Pass[] = [
  removeNoOps,
  foldPad,
  fuseMatmulAdd,
  foldBatchNorm,
  foldAffine,
  mergeActivations,
  pointwiseToGemm,
];

/**
 * The same float function in opset 13 or above, with the operators it needs and no others. The very same model
 * when there is nothing to do. Throws what `upgradeOpset` throws.
 */
export function prepare(model: Model): Model {
  // Constants first: what old operators mean can depend on theirs (Resize), and conversions make new ones.
  let current = runPasses(model, [dropObligatoryInputs, foldConstants, upgradeOpset(opset), foldConstants]);
  // What one round frees, such as the Relu behind a folded normalization, the next one takes; a round takes at
  // least one node of a chain, so more rounds than nodes would be a fault of a pass and no reason to hang.
  for (let rounds = model.graph.nodes.length; rounds > 0; rounds--) {
    const next = runPasses(current, fusionPasses);
    if (next === current) break;
    current = next;
  }
  return current;
}
