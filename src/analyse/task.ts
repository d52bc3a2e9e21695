/** What kind of answer a model gives, and so what "agrees" means. */
import type { Model, Node } from '../ir/index.ts';
import { requiredInputs, shapeOf } from '../ir/index.ts';

/** `classification`: one output, a score a class, compared by its largest. `tensors`: compared element by element. */
export type Task = 'classification' | 'tensors';

/**
 * Labels make it a classification. Without them: one output of [N, classes], unless it has the shape of the only
 * input (an autoencoder gives back what it got).
 */
export function taskOf(model: Model, hasLabels: boolean): Task {
  const { graph } = model;
  const [output] = graph.outputs;
  if (graph.outputs.length !== 1 || output === undefined) return 'tensors';
  if (hasLabels) return 'classification';
  if (endsInSoftmax(graph.nodes, output.name)) return 'classification';
  const shape = shapeOf(output.type);
  if (shape?.length !== 2 || (typeof shape[1] === 'number' && shape[1] < 2)) return 'tensors';
  const inputs = requiredInputs(graph);
  const same = inputs.length === 1 && JSON.stringify(shapeOf(inputs[0]!.type)) === JSON.stringify(shape);
  return same ? 'tensors' : 'classification';
}

function endsInSoftmax(nodes: readonly Node[], output: string): boolean {
  const op = nodes.find((n) => n.outputs.includes(output))?.op;
  return op === 'Softmax' || op === 'LogSoftmax';
}
