/**
 * Models remade to look inside: `tapped` hands inner values over; `sliced` feeds each layer the reference's values
 * instead of what the layers before it made, all layers in one session.
 */
import type { DType, Model, NumericDType, Port } from '../ir/index.ts';
import { Draft, requiredInputs, Tensor, tensorType, withParts } from '../ir/index.ts';
import type { LayerMatch } from './match-layers.ts';
import type { Skeleton, Tap } from './skeleton.ts';

/** The model with these values as its outputs; those that are graph inputs are left out. */
export function tapped(model: Model, taps: readonly Tap[]): Model {
  const draft = new Draft(model.graph);
  draft.setOutputs(tapPorts(model, taps));
  return withParts(model, { graph: draft.finish() });
}

export interface Sliced {
  readonly model: Model;
  /** Input of the sliced model to the place in the reference whose value it takes. */
  readonly fed: ReadonlyMap<string, Tap>;
}

/**
 * What reads a matched layer's result reads a new input instead: quantized anew, with the parameters it has there, where it
 * is codes. So each layer computes in INT8 on what the reference computed before it. `matches` says where to cut,
 * `wanted` which of them become outputs.
 */
export function sliced(
  other: Skeleton,
  matches: readonly LayerMatch[],
  wanted: readonly LayerMatch[],
): Sliced {
  const { model } = other;
  const draft = new Draft(model.graph);
  const fed = new Map<string, Tap>();
  for (const match of matches) {
    const input = draft.freshValue(`${match.other.name}_fed`);
    if (cut(draft, other, match.other, input)) fed.set(input, match.reference);
  }
  draft.setInputs([...draft.inputs, ...[...fed.keys()].map((name) => floatPort(name))]);
  draft.setOutputs(
    tapPorts(
      model,
      wanted.map((m) => m.other),
    ),
  );
  const graph = draft.finish();
  const read = new Set(graph.nodes.flatMap((n) => n.inputs));
  const live = new Map([...fed].filter(([name]) => read.has(name)));
  // Inputs of the model itself stay, read or not: the caller has them.
  const inputs = graph.inputs.filter((p) => live.has(p.name) || !fed.has(p.name));
  return { model: withParts(model, { graph: { ...graph, inputs } }), fed: live };
}

const floatPort = (name: string): Port => ({ name, type: tensorType('float32', undefined) });

/** False where nothing reads the value. */
function cut(draft: Draft, other: Skeleton, tap: Tap, input: string): boolean {
  const root = other.root(tap.name);
  const onTheWay = nodesBetween(other, root, tap.name);
  let isRead = false;
  const redirect = (from: string, to: string): void => {
    for (const reader of draft.readers(from)) {
      if (!reader.inputs.includes(from) || onTheWay.has(reader.name)) continue;
      draft.replace(reader, { inputs: reader.inputs.map((name) => (name === from ? to : name)) });
      isRead = true;
    }
  };
  if (tap.quant === undefined) {
    redirect(tap.name, input);
    return isRead;
  }
  const codes = draft.freshValue(`${tap.name}_fed_codes`);
  redirect(tap.name, codes);
  const { scales, zeroPoints, dtype } = tap.quant;
  if (isRead) {
    const maker = draft.producer(tap.name);
    const own = maker?.op === 'QuantizeLinear' ? maker : undefined;
    const constant = (what: string, values: readonly number[], type: DType) =>
      draft.addConstant(`${tap.name}_fed_${what}`, scalar(type, values[0]!));
    draft.add({
      op: 'QuantizeLinear',
      ...(own === undefined ? {} : { domain: own.domain, attributes: own.attributes }),
      inputs:
        own === undefined
          ? [input, constant('scale', scales, 'float32'), constant('zero_point', zeroPoints, dtype)]
          : [input, ...own.inputs.slice(1)],
      outputs: [codes],
    });
  }
  // Who reads the float before it was rounded gets the float.
  if (root !== tap.name) redirect(root, input);
  return isRead;
}

/** Names of the nodes that turn the class's first value into the codes that are looked at. */
function nodesBetween(other: Skeleton, root: string, value: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (let name = value; name !== root; ) {
    const maker = other.graph.maker(name);
    const before = maker?.inputs.find((input) => other.root(input) === root);
    if (maker === undefined || before === undefined || names.has(maker.name)) break;
    names.add(maker.name);
    name = before;
  }
  return names;
}

function scalar(dtype: DType, value: number): Tensor {
  return Tensor.from(dtype as NumericDType, [], [value]);
}

function tapPorts(model: Model, taps: readonly Tap[]): readonly Port[] {
  const inputs = new Set(requiredInputs(model.graph).map((p) => p.name));
  const own = new Map(model.graph.outputs.map((p) => [p.name, p]));
  const ports = new Map<string, Port>();
  for (const { name, dtype } of taps)
    if (!inputs.has(name)) ports.set(name, own.get(name) ?? { name, type: tensorType(dtype, undefined) });
  return [...ports.values()];
}
