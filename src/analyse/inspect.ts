/**
 * What a model is and what would become of it, without running it and without reading a weight that need not be read:
 * a float model is laid out for a target, an INT8 one is looked at for what really runs on codes.
 */
import type { Note } from '../base/errors.ts';
import { OctavoError } from '../base/errors.ts';
import type { DType, Model, Node, Shape } from '../ir/index.ts';
import { opsetOf, shapeOf } from '../ir/index.ts';
import type { TypeTable } from '../ops/infer-types.ts';
import { inferTypes } from '../ops/infer-types.ts';
import { dropObligatoryInputs } from '../passes/drop-obligatory-inputs.ts';
import { runPasses } from '../passes/pass.ts';
import { prepare } from '../passes/preset.ts';
import { layOut } from '../quantize/layout.ts';
import { compileSelection } from '../quantize/select.ts';
import type { TargetProfile } from '../quantize/targets/index.ts';
import { defaultTarget, targetByName } from '../quantize/targets/index.ts';
import type { FormContext } from './around-codes.ts';
import { int8Forms } from './int8-forms.ts';
import { Int8Graph } from './int8-graph.ts';
import type { ScaleSummary } from './int8-scales.ts';
import { scaleSummary } from './int8-scales.ts';
import { int8Share, littleInt8, workOf } from './int8-share.ts';
import type { OperatorCount, ParameterSummary, PortSummary } from './model-summary.ts';
import { operatorCounts, opName, parametersOf, portSummary } from './model-summary.ts';
import { costOf, typesOfOneSample } from './node-cost.ts';
import { isQuantizedNode } from './qlinear-forms.ts';
import { int8FitNotes, sizeNotes } from './target-fit.ts';

export interface InspectOptions {
  /** Id of a target profile. Default `ort-cpu`. */
  readonly target?: string;
  /** Bytes of weights up to which the fusions are tried: they read weights. Default 256 MiB. */
  readonly fuseUpToBytes?: number;
}

export interface InspectedNode {
  readonly name: string;
  readonly op: string;
  /** Of its first output; absent: not known. */
  readonly shape?: Shape;
  readonly dtype?: DType;
  /** Elements of its weights. */
  readonly parameters: number;
  /** Multiply-accumulates for one sample; absent: none, or not known. */
  readonly macs?: number;
  readonly action: 'quantized' | 'merged' | 'float' | 'unknown';
  /** Stable, of INT8 files. */
  readonly code?: string;
  readonly reason: string;
}

export interface Fusion {
  readonly before: readonly OperatorCount[];
  readonly after: readonly OperatorCount[];
}

export interface Inspection {
  readonly producer: string;
  readonly irVersion: number;
  /** Domain ('' is ONNX's own) to version. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly PortSummary[];
  readonly outputs: readonly PortSummary[];
  readonly parameters: ParameterSummary;
  /** Of the file, subgraphs included. */
  readonly operators: readonly OperatorCount[];
  readonly target: string;
  /** Whether the file holds codes already. */
  readonly kind: 'float' | 'int8';
  /** Absent: an INT8 file, or `obstacle` says why not. */
  readonly fusion?: Fusion;
  /** Why the fusions were not tried, or why the model cannot be quantized. */
  readonly obstacle?: string;
  /** Of INT8 files. */
  readonly scales?: ScaleSummary;
  /** Of the fused model; of the file where nothing was fused. Crossings and constants are left out. */
  readonly nodes: readonly InspectedNode[];
  /** Of all nodes for one sample, where known. */
  readonly macs: number;
  /** Of the multiply-accumulates, 0 to 1; absent: there are none, or some are not known. */
  readonly int8Share?: number;
  /** What the target asks for and the model does not have; that little of it runs in INT8. */
  readonly notes: readonly Note[];
}

export const defaultFuseUpToBytes = 2 ** 28;

/** Throws INVALID_ARGUMENT on an unknown target, and nothing on any model that could be read. */
export function inspectModel(model: Model, options: InspectOptions = {}): Inspection {
  const target = options.target === undefined ? defaultTarget : targetByName(options.target);
  const parameters = parametersOf(model);
  const kind = model.graph.nodes.some(isQuantizedNode) ? 'int8' : 'float';
  const limit = options.fuseUpToBytes ?? defaultFuseUpToBytes;
  const view = kind === 'int8' ? int8View(model, target) : floatView(model, target, parameters.bytes > limit);
  const { producerName, producerVersion, irVersion, graph } = model;
  return {
    producer: [producerName, producerVersion].filter((part) => part !== '').join(' '),
    irVersion,
    opsets: Object.fromEntries(model.opsets),
    inputs: graph.inputs.filter((p) => !graph.initializers.has(p.name)).map(portSummary),
    outputs: graph.outputs.map(portSummary),
    parameters,
    operators: operatorCounts(graph),
    target: target.id,
    kind,
    ...view,
    macs: view.nodes.reduce((sum, node) => sum + (node.macs ?? 0), 0),
  };
}

type View = Pick<Inspection, 'fusion' | 'obstacle' | 'scales' | 'nodes' | 'int8Share' | 'notes'>;
type Decision = Pick<InspectedNode, 'action' | 'code' | 'reason'>;

function int8View(model: Model, target: TargetProfile): View {
  const plain = withoutObligatoryInputs(model);
  const types = inferTypes(plain);
  const graph = new Int8Graph(plain.graph);
  const context: FormContext = { graph, types, target };
  const forms = int8Forms(context);
  const nodes = nodesOf(plain, types, (node) => forms.get(node));
  return { scales: scaleSummary(graph), nodes, ...fitOf(plain, nodes, target, 'int8') };
}

function floatView(model: Model, target: TargetProfile, isLarge: boolean): View {
  if (isLarge) {
    const obstacle = 'the weights are too large to read for a look: what the fusions would do is not shown';
    return layoutView(withoutObligatoryInputs(model), target, { obstacle });
  }
  let fused: Model;
  try {
    fused = prepare(model);
  } catch (error) {
    if (!(error instanceof OctavoError)) throw error;
    const plain = withoutObligatoryInputs(model);
    const unknown = { action: 'unknown', reason: error.what } as const;
    return {
      obstacle: `${error.where}: ${error.what}. ${error.remedy}`,
      nodes: nodesOf(plain, inferTypes(plain), (node) => (node.op === 'Constant' ? undefined : unknown)),
      notes: [],
    };
  }
  const fusion = { before: operatorCounts(model.graph), after: operatorCounts(fused.graph) };
  return layoutView(fused, target, { fusion });
}

function layoutView(model: Model, target: TargetProfile, rest: Pick<View, 'fusion' | 'obstacle'>): View {
  const types = inferTypes(model);
  const layout = layOut({ model, types, target, select: compileSelection(model.graph, {}) });
  const decisions = new Map(layout.nodes.map((decision) => [decision.name, decision]));
  const opset = opsetOf(model);
  const obstacle =
    rest.obstacle !== undefined && opset < target.opset
      ? `${rest.obstacle}; it is also in opset ${opset}, and quantizing raises it to ${target.opset}`
      : rest.obstacle;
  const nodes = nodesOf(model, types, (node) =>
    node.op === 'Constant' ? undefined : decisions.get(node.name),
  );
  return {
    ...rest,
    ...(obstacle === undefined ? {} : { obstacle }),
    nodes,
    ...fitOf(model, nodes, target, 'float'),
  };
}

/** How much of the work is INT8, and the notes on that and on what the target asks for. */
function fitOf(
  model: Model,
  nodes: readonly InspectedNode[],
  target: TargetProfile,
  kind: Inspection['kind'],
): Pick<View, 'int8Share' | 'notes'> {
  const graph = new Int8Graph(model.graph);
  const work = workOf(model, nodes);
  const share = int8Share(work);
  return {
    ...(share === undefined ? {} : { int8Share: share }),
    notes: [
      ...sizeNotes(graph, target, kind),
      ...(kind === 'int8' ? int8FitNotes(graph, target) : []),
      ...littleInt8(work, target.id, kind),
    ],
  };
}

/** `decide`: undefined leaves the node out. */
function nodesOf(
  model: Model,
  types: TypeTable,
  decide: (node: Node) => Decision | undefined,
): readonly InspectedNode[] {
  const graph = new Int8Graph(model.graph);
  const sample = typesOfOneSample(model);
  return model.graph.nodes.flatMap((node) => {
    const decision = decide(node);
    if (decision === undefined) return [];
    const type = types.get(node.outputs[0] ?? '');
    const shape = shapeOf(type);
    const { action, code, reason } = decision;
    return [
      {
        name: node.name,
        op: opName(node),
        ...(shape === undefined ? {} : { shape }),
        ...(type?.kind === 'tensor' ? { dtype: type.dtype } : {}),
        ...costOf(node, graph, sample),
        action,
        ...(code === undefined ? {} : { code }),
        reason,
      },
    ];
  });
}

/** Old files list every weight as an input: there they are constants all the same. */
function withoutObligatoryInputs(model: Model): Model {
  return runPasses(model, [dropObligatoryInputs]);
}
