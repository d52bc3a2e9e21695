/**
 * Conv, ConvTranspose, Gemm and MatMul (with the Add of its bias) seen as one thing: a linear operator with
 * constant float32 weights, into which a scale and a shift per channel can be folded from either side.
 *
 * All arithmetic is in double; results are stored as float32. A constant that other nodes read is duplicated.
 */
import type { Draft, Node, Tensor } from '../ir/index.ts';
import {
  floatAttr,
  intAttr,
  intsAttr,
  isOnnxDomain,
  stringAttr,
  Tensor as TensorClass,
} from '../ir/index.ts';
import { channelVector } from './constant-values.ts';
import type { ValueTypes } from './value-types.ts';

export interface LinearNode {
  readonly node: Node;
  /** The Add that holds a MatMul's bias. */
  readonly biasAdd: Node | undefined;
  /** The value that holds the result, bias included. */
  readonly output: string;
  readonly weight: Tensor;
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Of the result; undefined when it is not known (MatMul: at least 1). */
  readonly rank: number | undefined;
  /** Where the output channels lie, counted from the last axis. */
  readonly axisFromEnd: number;
  /** What is added to the linear part, an element for each output channel: Gemm's beta is in it, its alpha is not. */
  readonly bias: Float64Array | undefined;
  /** Factor on the linear part that stays on the node. */
  readonly alpha: number;
  inputChannelOf(weightIndex: number): number;
  outputChannelOf(weightIndex: number): number;
}

/** One number for each channel: y = scale * x + shift. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** The linear node as it stands, without an Add after it; undefined when weights or bias are not constant float32. */
export function linearNode(draft: Draft, node: Node, types: ValueTypes): LinearNode | undefined {
  if (!isOnnxDomain(node.domain)) return undefined;
  const weight = draft.constant(node.inputs[1] ?? '');
  if (weight?.dtype !== 'float32' || node.inputs[1] === node.inputs[0] || weight.size === 0) return undefined;
  const geometry = geometryOf(node, weight, types);
  if (geometry === undefined) return undefined;
  const common = { node, biasAdd: undefined, output: node.outputs[0]!, weight, ...geometry };
  const alpha = node.op === 'Gemm' ? floatAttr(node, 'alpha', 1) : 1;
  const biasName = node.op === 'MatMul' ? '' : (node.inputs[2] ?? '');
  if (biasName === '') return { ...common, alpha, bias: undefined };
  const tensor = draft.constant(biasName);
  if (tensor === undefined || tensor.dims.length > (node.op === 'Gemm' ? 2 : 1)) return undefined;
  const beta = node.op === 'Gemm' ? floatAttr(node, 'beta', 1) : 1;
  const bias = channelVector(tensor, geometry.outputChannels, 0)?.map((b) => b * beta);
  return bias === undefined ? undefined : { ...common, alpha, bias };
}

/** The linear node that makes `value` and whose parts nothing else reads. */
export function linearMaking(draft: Draft, value: string, types: ValueTypes): LinearNode | undefined {
  const maker = draft.producer(value);
  if (maker === undefined) return undefined;
  if (maker.op !== 'Add' || !isOnnxDomain(maker.domain)) return linearNode(draft, maker, types);
  const split = constantOperand(draft, maker);
  const product = split && draft.producer(split.value);
  if (product?.op !== 'MatMul' || draft.soleReader(split!.value) !== maker) return undefined;
  const linear = linearNode(draft, product, types);
  const bias = linear && channelVector(split!.constant, linear.outputChannels, 0);
  if (bias === undefined || !keepsRank(split!.constant, linear!.rank ?? 1)) return undefined;
  return { ...linear!, bias, biasAdd: maker, output: value };
}

/** The operands of a two-operand node of which exactly one is constant. */
export function constantOperand(
  draft: Draft,
  node: Node,
): { readonly value: string; readonly constant: Tensor; readonly constantFirst: boolean } | undefined {
  const [a, b] = node.inputs;
  if (a === undefined || b === undefined || node.inputs.length !== 2) return undefined;
  const first = draft.constant(a);
  const second = draft.constant(b);
  if ((first === undefined) === (second === undefined)) return undefined;
  return first === undefined
    ? { value: a, constant: second!, constantFirst: false }
    : { value: b, constant: first, constantFirst: true };
}

/** Whether broadcasting with the constant leaves the other operand's rank alone. */
export function keepsRank(constant: Tensor, rank: number | undefined): boolean {
  return constant.dims.length <= (rank ?? 0);
}

type Geometry = Pick<
  LinearNode,
  'inputChannels' | 'outputChannels' | 'rank' | 'axisFromEnd' | 'inputChannelOf' | 'outputChannelOf'
>;

function geometryOf(node: Node, weight: Tensor, types: ValueTypes): Geometry | undefined {
  switch (node.op) {
    case 'Conv':
    case 'ConvTranspose':
      return convGeometry(node, weight.dims);
    case 'Gemm':
    case 'MatMul': {
      if (weight.dims.length !== 2) return undefined;
      const transposed = node.op === 'Gemm' && intAttr(node, 'transB', 0) !== 0;
      const [rows, columns] = weight.dims as readonly [number, number];
      const row = (i: number): number => Math.floor(i / columns);
      const column = (i: number): number => i % columns;
      return {
        inputChannels: transposed ? columns : rows,
        outputChannels: transposed ? rows : columns,
        rank: node.op === 'Gemm' ? 2 : types.rank(node.outputs[0]!),
        axisFromEnd: 0,
        inputChannelOf: transposed ? column : row,
        outputChannelOf: transposed ? row : column,
      };
    }
    default:
      return undefined;
  }
}

/** Weights are [O, I / group, k...] for Conv and [I, O / group, k...] for ConvTranspose. */
function convGeometry(node: Node, dims: readonly number[]): Geometry | undefined {
  const group = intAttr(node, 'group', 1);
  const [first, second, ...kernel] = dims;
  if (first === undefined || second === undefined || kernel.length === 0) return undefined;
  if (!Number.isInteger(group) || group < 1 || first % group !== 0) return undefined;
  const area = kernel.reduce((a, b) => a * b, 1);
  const outer = (i: number): number => Math.floor(i / (area * second));
  const inner = (i: number): number => {
    const groupOf = Math.floor(outer(i) / (first / group));
    return groupOf * second + (Math.floor(i / area) % second);
  };
  const transposed = node.op === 'ConvTranspose';
  return {
    inputChannels: transposed ? first : second * group,
    outputChannels: transposed ? second * group : first,
    rank: dims.length,
    axisFromEnd: dims.length - 2,
    inputChannelOf: transposed ? outer : inner,
    outputChannelOf: transposed ? inner : outer,
  };
}

/** Folds `affine`, which is all that reads the linear node's output, into it; false (nothing done) when a result is not finite. */
export function foldAfter(draft: Draft, linear: LinearNode, node: Node, affine: Affine): boolean {
  const weights = linear.weight.data('float32');
  const { scale, shift } = affine;
  const weight = Float32Array.from(weights, (w, i) => w * scale[linear.outputChannelOf(i)]!);
  const shifted = linear.bias !== undefined || shift.some((t) => t !== 0);
  const bias = shifted
    ? Float32Array.from(shift, (t, c) => (linear.bias?.[c] ?? 0) * scale[c]! + t)
    : undefined;
  if (!allFinite(weight) || (bias && !allFinite(bias))) return false;
  draft.remove(node);
  write(draft, linear, { weight, bias, input: linear.node.inputs[0]!, output: node.outputs[0]! });
  return true;
}

/**
 * Folds `affine` on the linear node's input, which nothing else reads, into it. Exact only when no padding is
 * added between the two or the shift is zero; false (nothing done) otherwise.
 */
export function foldBefore(
  draft: Draft,
  linear: LinearNode,
  node: Node,
  affine: Affine & { input: string },
): boolean {
  const { scale, shift } = affine;
  const shifted = shift.some((t) => t !== 0);
  if (shifted && !seesOnlyInput(linear.node)) return false;
  const weights = linear.weight.data('float32');
  const weight = Float32Array.from(weights, (w, i) => w * scale[linear.inputChannelOf(i)]!);
  let bias: Float32Array | undefined;
  if (shifted || linear.bias !== undefined) {
    const sums = linear.bias?.slice() ?? new Float64Array(linear.outputChannels);
    for (let i = 0; i < weights.length; i++)
      sums[linear.outputChannelOf(i)]! += linear.alpha * weights[i]! * shift[linear.inputChannelOf(i)]!;
    bias = Float32Array.from(sums);
  }
  if (!allFinite(weight) || (bias && !allFinite(bias))) return false;
  draft.remove(node);
  write(draft, linear, { weight, bias, input: affine.input, output: linear.output });
  return true;
}

/** Whether every result is a sum over the whole kernel, no place of it outside the input. */
function seesOnlyInput(node: Node): boolean {
  if (node.op === 'Gemm' || node.op === 'MatMul') return true;
  const auto = stringAttr(node, 'auto_pad', 'NOTSET');
  if (node.op !== 'Conv' || (auto !== 'NOTSET' && auto !== 'VALID')) return false;
  return auto === 'VALID' || intsAttr(node, 'pads', []).every((p) => p === 0);
}

interface Rewritten {
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly input: string;
  readonly output: string;
}

function write(draft: Draft, linear: LinearNode, to: Rewritten): void {
  const { node, biasAdd } = linear;
  const weight = replaceConstant(draft, node, 1, TensorClass.of('float32', linear.weight.dims, to.weight));
  const biasTensor = to.bias && TensorClass.of('float32', [to.bias.length], to.bias);
  if (node.op !== 'MatMul') {
    const inputs = [to.input, weight];
    if (biasTensor)
      inputs.push(
        (node.inputs[2] ?? '') === ''
          ? draft.addConstant(`${node.inputs[1]}_bias`, biasTensor)
          : replaceConstant(draft, node, 2, biasTensor),
      );
    const attributes = new Map(node.attributes);
    attributes.delete('beta');
    draft.replace(node, { inputs, outputs: [to.output], attributes });
    return;
  }
  if (!biasTensor) {
    draft.replace(node, { inputs: [to.input, weight], outputs: [to.output] });
    return;
  }
  const product =
    biasAdd === undefined && node.outputs[0] === to.output ? draft.freshValue(to.output) : node.outputs[0]!;
  const made = draft.replace(node, { inputs: [to.input, weight], outputs: [product] });
  if (biasAdd === undefined) {
    const bias = draft.addConstant(`${node.inputs[1]}_bias`, biasTensor);
    draft.add({ op: 'Add', inputs: [made.outputs[0]!, bias], outputs: [to.output] });
    return;
  }
  const position = biasAdd.inputs[0] === product ? 1 : 0;
  const bias = replaceConstant(draft, biasAdd, position, biasTensor);
  draft.replace(biasAdd, { inputs: [product, bias], outputs: [to.output] });
}

/** The name of the new content of a node's constant input: its own name where only this input reads it, else a new one. */
export function replaceConstant(draft: Draft, node: Node, position: number, tensor: Tensor): string {
  const name = node.inputs[position]!;
  if (draft.soleReader(name) !== node) return draft.addConstant(name, tensor);
  draft.setInitializer(name, tensor);
  return name;
}

function allFinite(values: Float32Array): boolean {
  return values.every(Number.isFinite);
}
