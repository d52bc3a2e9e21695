/** If, Loop and Scan of tensors, by running their bodies. Sequences and optionals are no tensors and do not get here. */
import { elementCount } from '../../base/integer.ts';
import type { Graph, Node, Port } from '../../ir/index.ts';
import { dtypeOf, intAttr, intsAttr, shapeOf, staticDims, storageBytes, Tensor } from '../../ir/index.ts';
import { normalizeAxis } from '../axes.ts';
import { stridesOf, walk } from '../broadcast.ts';
import type { Reference } from '../contract.ts';
import { boundedCount, cannotEvaluate, inputAt, integersOf } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { joinElements, moveElements } from '../move.ts';
import { bodyOf } from './body.ts';

/** A loop without an end must have one; no network takes as many steps. */
const maxSteps = 2 ** 17;

function isTrue(node: Node, condition: Tensor): boolean {
  if (condition.size !== 1) throw impossible(node, `its condition is [${condition.dims.join(',')}]`);
  return condition.data('bool')[0] !== 0;
}

export const referenceIf: Reference = (context) => {
  const { node } = context;
  const branch = isTrue(node, inputAt(context, 0)) ? 'then_branch' : 'else_branch';
  return context.runBody(bodyOf(node, branch), []);
};

export const referenceLoop: Reference = (context) => {
  const { node, inputs } = context;
  const body = bodyOf(node, 'body');
  const most = inputs[0] === undefined ? Number.POSITIVE_INFINITY : integersOf(inputs[0])[0]!;
  let carried = inputs.slice(2).map((_, i) => inputAt(context, i + 2));
  checkPorts(node, body, carried.length + 2, carried.length + 1);
  let going = inputs[1] === undefined || isTrue(node, inputs[1]);
  const stacks = body.outputs.slice(1 + carried.length).map((port) => new Stack(node, port, 0));
  for (let step = 0; going && step < most; step++) {
    if (step >= maxSteps) throw cannotEvaluate(node, `a loop of more than ${maxSteps} steps is not run here`);
    const made = context.runBody(body, [
      Tensor.from('int64', [], [step]),
      Tensor.from('bool', [], [1]),
      ...carried,
    ]);
    going = isTrue(node, made[0]!);
    carried = made.slice(1, 1 + carried.length);
    for (const [i, stack] of stacks.entries()) stack.push(made[1 + carried.length + i]!);
  }
  return [...carried, ...stacks.map((stack) => stack.joined('forwards'))];
};

/** Of opset 9 and later; before, everything had a batch axis. */
export const referenceScan: Reference = (context) => {
  const { node, inputs, opset } = context;
  if (opset < 9) throw cannotEvaluate(node, 'the form of opset 8 is not computed here');
  const body = bodyOf(node, 'body');
  const count = intAttr(node, 'num_scan_inputs', 0);
  const states = inputs.length - count;
  if (!(count >= 1 && states >= 0)) throw impossible(node, `num_scan_inputs is ${count}`);
  checkPorts(node, body, inputs.length, states);
  const given = inputs.map((_, i) => inputAt(context, i));
  const outputs = body.outputs.length - states;
  const list = (name: string, length: number): readonly number[] => {
    const values = intsAttr(node, name) ?? new Array<number>(length).fill(0);
    if (values.length !== length)
      throw impossible(node, `${name} has ${values.length} entries for ${length}`);
    return values;
  };
  const inputAxes = list('scan_input_axes', count);
  const inputDirections = list('scan_input_directions', count);
  const outputAxes = list('scan_output_axes', outputs);
  const outputDirections = list('scan_output_directions', outputs);
  const scanned = given.slice(states).map((tensor, i) => ({
    tensor,
    axis: normalizeAxis(inputAxes[i]!, tensor.dims.length, node),
    backwards: inputDirections[i] === 1,
  }));
  const length = scanned[0]!.tensor.dims[scanned[0]!.axis]!;
  if (scanned.some(({ tensor, axis }) => tensor.dims[axis] !== length))
    throw impossible(node, 'its scanned inputs have several lengths');
  const stacks = body.outputs.slice(states).map((port, i) => new Stack(node, port, outputAxes[i]!));
  let carried = given.slice(0, states);
  for (let step = 0; step < length; step++) {
    const slices = scanned.map(({ tensor, axis, backwards }) =>
      sliceAt(node, tensor, axis, backwards ? length - 1 - step : step),
    );
    const made = context.runBody(body, [...carried, ...slices]);
    carried = made.slice(0, states);
    for (const [i, stack] of stacks.entries()) stack.push(made[states + i]!);
  }
  return [
    ...carried,
    ...stacks.map((stack, i) => stack.joined(outputDirections[i] === 1 ? 'backwards' : 'forwards')),
  ];
};

function checkPorts(node: Node, body: Graph, inputs: number, leastOutputs: number): void {
  if (body.inputs.length !== inputs || body.outputs.length < leastOutputs)
    throw impossible(node, `its body has ${body.inputs.length} inputs, ${body.outputs.length} outputs`);
}

function sliceAt(node: Node, tensor: Tensor, axis: number, at: number): Tensor {
  const strides = stridesOf(tensor.dims);
  const dims = tensor.dims.toSpliced(axis, 1);
  return moveElements(node, tensor, dims, walk(dims, strides.toSpliced(axis, 1), at * strides[axis]!));
}

/** What a body makes, step by step, along a new axis. */
class Stack {
  readonly #node: Node;
  readonly #port: Port;
  readonly #axis: number;
  readonly #tensors: Tensor[] = [];

  constructor(node: Node, port: Port, axis: number) {
    this.#node = node;
    this.#port = port;
    this.#axis = axis;
  }

  push(tensor: Tensor): void {
    const first = this.#tensors[0] ?? tensor;
    if (tensor.dtype !== first.dtype || tensor.dims.join() !== first.dims.join())
      throw impossible(this.#node, `its body makes '${this.#port.name}' in several shapes`);
    boundedCount(this.#node, [this.#tensors.length + 1, ...tensor.dims]);
    this.#tensors.push(tensor);
  }

  joined(order: 'forwards' | 'backwards'): Tensor {
    const { dtype, dims } = this.#tensors[0] ?? this.#declared();
    const axis = normalizeAxis(this.#axis, dims.length + 1, this.#node);
    const all = dims.toSpliced(axis, 0, this.#tensors.length);
    if (this.#tensors.length === 0)
      return Tensor.lazy(dtype, all, () => new Uint8Array(storageBytes(dtype, 0)));
    const tensors = order === 'forwards' ? this.#tensors : this.#tensors.toReversed();
    const inner = elementCount(dims.slice(axis));
    return joinElements(this.#node, tensors, all, {
      outer: elementCount(dims.slice(0, axis)),
      inner: tensors.map(() => inner),
    });
  }

  /** Of no steps only the body's declaration tells the shape. */
  #declared(): Pick<Tensor, 'dtype' | 'dims'> {
    const { name, type } = this.#port;
    const [dtype, dims] = [dtypeOf(type), staticDims(shapeOf(type))];
    if (dtype === undefined || dtype === 'string' || dims === undefined)
      throw cannotEvaluate(this.#node, `no step was made, and the shape of '${name}' is not known`);
    return { dtype, dims };
  }
}
