/**
 * A model that measures what rounding a value costs behind it: each layer that reads the value runs twice, on the value and
 * on what its codes would stand for, and the engine hands over the two energies alone.
 */

import type { Model, NewNode, Node } from '../../ir/index.ts';
import { attr, attributes, Draft, dtypeOf, readsOf, Tensor, tensorType, withParts } from '../../ir/index.ts';
import type { TypeTable } from '../../ops/infer-types.ts';
import type { ParamGroup } from '../../quantize/decision.ts';
import type { ValueParams } from '../../quantize/plan.ts';

/** A place where the error of a value arrives. */
export interface Sink {
  /** Output that holds the sum of squares of the true result. */
  readonly signal: string;
  /** One a candidate: output that holds the sum of squares of its error there. */
  readonly noise: readonly string[];
}

export interface Probe {
  readonly model: Model;
  readonly sinks: ReadonlyMap<ParamGroup, readonly Sink[]>;
}

/** Activations that a target merges, or that follow at once: an error they cut off is none. */
const clamps = new Set(['Relu', 'Clip']);

/** Candidates of each group of values; the probe has the outputs of the sinks alone, scalars all. */
export function probeModel(
  float: Model,
  types: TypeTable,
  candidates: ReadonlyMap<ParamGroup, readonly ValueParams[]>,
): Probe {
  const draft = new Draft(float.graph);
  const graphOutputs = new Set(draft.outputs.map((port) => port.name));
  const outputs: string[] = [];
  const emit = (op: string, inputs: readonly string[], rest: Partial<NewNode> = {}): string => {
    const value = draft.freshValue(`${inputs[0]}_probe`);
    draft.add({ op, inputs, outputs: [value], ...rest });
    return value;
  };
  const energy = (value: string): string => {
    const sum = emit('ReduceSumSquare', [value], { attributes: attributes({ keepdims: attr.int(0) }) });
    outputs.push(sum);
    return sum;
  };
  const constants = new Map<string, string>();
  const constant = (dtype: 'float32' | 'uint8' | 'int8', number: number): string => {
    const key = `${dtype} ${number}`;
    const known = constants.get(key) ?? draft.addConstant('probe_constant', Tensor.from(dtype, [], [number]));
    constants.set(key, known);
    return known;
  };
  const rounded = (value: string, { dtype, scale, zeroPoint }: ValueParams): string => {
    const params = [constant('float32', scale), constant(dtype, zeroPoint)];
    return emit('DequantizeLinear', [emit('QuantizeLinear', [value, ...params]), ...params]);
  };
  const isFloat = (value: string): boolean => {
    const type = types.get(value);
    return type === undefined || dtypeOf(type) === 'float32';
  };
  const original = [...draft.nodes];
  const readers = new Map<string, Node[]>();
  for (const node of original)
    for (const name of new Set(readsOf(node))) readers.set(name, [...(readers.get(name) ?? []), node]);

  /** The node, and the clamp right behind it, where nothing else reads what lies between. */
  const chainFrom = (node: Node): readonly Node[] => {
    const next = readers.get(node.outputs[0]!);
    const [clamp] = next ?? [];
    const goesOn = next?.length === 1 && clamps.has(clamp!.op) && !graphOutputs.has(node.outputs[0]!);
    return goesOn && clamp!.inputs[0] === node.outputs[0] ? [node, clamp!] : [node];
  };
  const through = (chain: readonly Node[], from: string, to: string): string => {
    let [before, after] = [from, to];
    for (const node of chain) {
      const made = node.outputs.map((name) => (name === '' ? '' : draft.freshValue(`${name}_probe`)));
      draft.add({
        op: node.op,
        domain: node.domain,
        attributes: node.attributes,
        inputs: node.inputs.map((name) => (name === before ? after : name)),
        outputs: made,
      });
      [before, after] = [node.outputs[0]!, made[0]!];
    }
    return after;
  };

  const sinks = new Map<ParamGroup, readonly Sink[]>();
  for (const [group, params] of candidates) {
    const members = new Set(group.values);
    const found: Sink[] = [];
    for (const value of group.values) {
      const makes = (readers.get(value) ?? []).filter(
        (n) => n.inputs.includes(value) && isFloat(n.outputs[0]!),
      );
      // Who only moves codes within the group adds no error: what reads them behind it counts.
      const chains = makes.filter((n) => !n.outputs.some((o) => members.has(o))).map(chainFrom);
      const codes = params.map((p) => rounded(value, p));
      const own = (): Sink => ({
        signal: energy(value),
        noise: codes.map((to) => energy(emit('Sub', [to, value]))),
      });
      for (const chain of chains) {
        const truth = chain.at(-1)!.outputs[0]!;
        const noise = codes.map((to) => energy(emit('Sub', [through(chain, value, to), truth])));
        found.push({ signal: energy(truth), noise });
      }
      // What its readers hardly notice (a tail cut off) may still matter further behind.
      if (group.roots.includes(value) || graphOutputs.has(value)) found.push(own());
    }
    sinks.set(group, found);
  }
  draft.setOutputs(outputs.map((name) => ({ name, type: tensorType('float32', []) })));
  return { model: withParts(float, { graph: draft.finish() }), sinks };
}
