/** Makes inner values of a model outputs, so that an engine hands them over. */
import type { DType, Model, Port } from '../ir/index.ts';
import { Draft, requiredInputs, tensorType, withParts } from '../ir/index.ts';

/**
 * The model with exactly these values as outputs (its own outputs only where named). Values that are graph inputs are
 * left out: the caller has them already. `dtype` is that of every value not known to the graph.
 */
export function tapModel(model: Model, values: readonly string[], dtype: DType = 'float32'): Model {
  const inputs = new Set(requiredInputs(model.graph).map((p) => p.name));
  const own = new Map(model.graph.outputs.map((p) => [p.name, p]));
  const draft = new Draft(model.graph);
  const ports = [...new Set(values)]
    .filter((v) => !inputs.has(v))
    .map((name): Port => own.get(name) ?? { name, type: tensorType(dtype, undefined) });
  draft.setOutputs(ports);
  return withParts(model, { graph: draft.finish() });
}
