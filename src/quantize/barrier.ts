/** Which operators kept in float an engine would quantize by itself, so that a barrier must stand behind them. */
import type { Node } from '../ir/index.ts';
import { dataInputsOf, declaredRule } from './eligible.ts';
import type { TargetProfile } from './targets/index.ts';

export interface Surroundings {
  readonly producers: ReadonlyMap<string, Node>;
  /** Nodes that run in INT8: those are meant to. */
  readonly quantized: { has(node: Node): boolean };
  readonly target: TargetProfile;
}

/**
 * onnxruntime quantizes a Conv or Gemm that it finds between DequantizeLinear and QuantizeLinear, weights per tensor, and runs
 * an Add there on codes; it moves a QuantizeLinear up through clamps and whatever only moves values. Whether some float
 * operator behind the value, which is about to be quantized, is in that danger.
 */
export function selfQuantized(value: string, { producers, quantized, target }: Surroundings): boolean {
  const seen = new Set<string>();
  const pending = [value];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const maker = producers.get(name);
    if (maker === undefined || seen.has(name) || quantized.has(maker)) continue;
    seen.add(name);
    const rule = declaredRule(maker);
    if (rule?.kind === 'shared' || rule?.kind === 'activation')
      pending.push(...dataInputsOf(maker, rule).map((i) => maker.inputs[i]!));
    // With nothing but graph inputs and constants in front of it, nothing there is dequantized.
    else if (target.selfQuantizes.includes(maker.op) && maker.inputs.some((input) => producers.has(input)))
      return true;
  }
  return false;
}
