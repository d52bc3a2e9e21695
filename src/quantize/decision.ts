/** What the planner decides of each node and each group of values, before any range is known. */
import type { QuantRule } from '../ops/contract.ts';

export interface NodeDecision {
  readonly name: string;
  readonly op: string;
  /** `merged`: the saturation of its producer's codes does its work, so that the node itself goes. */
  readonly action: 'quantized' | 'merged' | 'float';
  /** One sentence for people: why. */
  readonly reason: string;
}

/** A linear operator with constant weights. Value names are those of the float graph. */
export interface WeightedNode {
  readonly node: string;
  readonly data: string;
  readonly weight: string;
  /** Absent: no bias. */
  readonly bias?: string;
  /** Output channels in the weight; absent: one scale for the whole weight. */
  readonly axis?: number;
  /** The value the operator's codes stand for (behind a merged activation); absent: its output stays float. */
  readonly output?: string;
}

/** Values that share one set of parameters. */
export interface ParamGroup {
  /** Members in graph order; the first one names the group. */
  readonly values: readonly string[];
  /** Members whose statistics make the range: those that are not moved or selected from another member. */
  readonly roots: readonly string[];
  /** Lowest and highest value a merged Relu or Clip lets through. */
  readonly floor?: number;
  readonly ceiling?: number;
  /** A range known without data (Sigmoid, Softmax, Tanh). */
  readonly fixed?: readonly [number, number];
}

/** A constant operand of an arithmetic operator (not a weight): stored as codes, per tensor. */
export interface ConstantOperand {
  readonly node: string;
  readonly input: number;
  readonly value: string;
}

export interface Layout {
  readonly nodes: readonly NodeDecision[];
  readonly rules: ReadonlyMap<string, QuantRule>;
  readonly weighted: readonly WeightedNode[];
  readonly operands: readonly ConstantOperand[];
  readonly groups: readonly ParamGroup[];
}
