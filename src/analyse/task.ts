/** What kind of answer a model gives, and so what "agrees" means. */
import type { Model, Node } from '../ir/index.ts';
import { requiredInputs, shapeOf } from '../ir/index.ts';

/** `classification`: one output, a score a class, compared by its largest. `tensors`: compared element by element. */
export type Task = 'classification' | 'tensors';

/**
 * A classification has one output of [N, classes] (trailing ones allowed). With labels, or a Softmax at its end, that is
 * enough; without, an output of the shape of the only input is none (an autoencoder gives back what it got).
 */
export function taskOf(model: Model, hasLabels: boolean): Task {
  const { graph } = model;
  const [output] = graph.outputs;
  if (graph.outputs.length !== 1 || output === undefined) return 'tensors';
  const shape = shapeOf(output.type);
  if (shape === undefined)
    return hasLabels || endsInSoftmax(graph.nodes, output.name) ? 'classification' : 'tensors';
  if (shape.length < 2 || shape[1] === 1 || shape.slice(2).some((d) => d !== 1)) return 'tensors';
  if (hasLabels || endsInSoftmax(graph.nodes, output.name)) return 'classification';
  const inputs = requiredInputs(graph);
  const isSame = inputs.length === 1 && JSON.stringify(shapeOf(inputs[0]!.type)) === JSON.stringify(shape);
  return isSame ? 'tensors' : 'classification';
}

function endsInSoftmax(nodes: readonly Node[], output: string): boolean {
  const op = nodes.find((n) => n.outputs.includes(output))?.op;
  return op === 'Softmax' || op === 'LogSoftmax';
}
