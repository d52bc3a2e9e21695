/**
 * Rules of a target that a file does not hold, told before anything is quantized for it or handed to its engine: sizes for
 * any model, and for an INT8 one what the profile says of codes, weights and biases.
 */
import type { Note, NoteCode } from '../base/errors.ts';
import type { Node, QuantParams } from '../ir/index.ts';
import { isOnnxDomain } from '../ir/index.ts';
import { openSizes } from '../quantize/static-shapes.ts';
import type { TargetProfile } from '../quantize/targets/index.ts';
import type { Int8Graph } from './int8-graph.ts';
import { isDequantize, isQuantize } from './qlinear-forms.ts';

/** Code `target-sizes`, of a float model as of an INT8 one. */
export function sizeNotes(graph: Int8Graph, target: TargetProfile, kind: 'float' | 'int8'): readonly Note[] {
  const open = openSizes(graph.graph, target);
  if (open === undefined) return [];
  const { where, what, dims } = open;
  const how = dims === undefined ? 'export the model with the shapes of its inputs' : `give --dim ${dims}`;
  const said = kind === 'int8' && dims !== undefined ? `${how} where it is quantized` : how;
  return [{ code: 'target-sizes', where, what: `${what}: ${said}` }];
}

/** Codes `target-activations`, `target-weights`, `target-bias`, `target-dequantize`, a note each at most. */
export function int8FitNotes(graph: Int8Graph, target: TargetProfile): readonly Note[] {
  const quantizers = graph.graph.nodes.filter((n) => isQuantize(n) && !graph.isConstant(n.outputs[0] ?? ''));
  const linear = graph.graph.nodes.filter((n) => isOnnxDomain(n.domain) && linearOps.has(n.op));
  const weighted = linear.filter((n) => weightParams(n, graph) !== undefined);
  const shared = graph.graph.nodes.filter((n) => isDequantize(n) && !graph.isConstant(n.outputs[0] ?? ''));
  const { symmetric, dtype } = target.activations;
  return [
    noteOf({
      code: 'target-activations',
      misfits: quantizers.filter((n) => !fitsActivations(graph.statedBy(n), target)),
      among: quantizers.length,
      what: `values are not ${dtype}${symmetric ? ' around zero point 0' : ''}, as the profile of ${target.id} has them`,
      target,
    }),
    noteOf({
      code: 'target-weights',
      misfits: weighted.filter((n) => !fitsWeight(n, weightParams(n, graph)!, graph, target)),
      among: weighted.length,
      what: `weights are not as the profile of ${target.id} has them: int8 with zero point 0, scales along ${axesText(target)}`,
      target,
    }),
    target.bias === 'float'
      ? noteOf({
          code: 'target-bias',
          misfits: weighted.filter((n) => hasIntegerBias(n, graph)),
          among: weighted.length,
          what: 'linear operators have an int32 bias, and the engine takes float ones',
          target,
        })
      : noteOf({
          code: 'target-bias',
          misfits: weighted.filter((n) => target.needsBias.includes(n.op) && (n.inputs[2] ?? '') === ''),
          among: weighted.length,
          what: `linear operators have no bias, which the engine needs for ${target.needsBias.join(', ')} in INT8`,
          target,
        }),
    noteOf({
      code: 'target-dequantize',
      misfits:
        target.dequantize === 'each-reader'
          ? shared.filter((n) => new Set(graph.readers.of(n.outputs[0]!)).size > 1)
          : [],
      among: shared.length,
      what: 'DequantizeLinear are read by several operators, and the engine wants one for each',
      target,
    }),
  ].flatMap((note) => note ?? []);
}

const linearOps: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

interface Finding {
  readonly code: NoteCode;
  readonly misfits: readonly Node[];
  readonly among: number;
  /** Follows "3 of 27 ". */
  readonly what: string;
  readonly target: TargetProfile;
}

function noteOf({ code, misfits, among, what, target }: Finding): Note | undefined {
  const [first] = misfits;
  if (first === undefined) return undefined;
  return {
    code,
    where: `node '${first.name}'${misfits.length > 1 ? ' and others' : ''}`,
    what: `${misfits.length} of ${among} ${what}. Quantize the float model with --target ${target.id}`,
  };
}

/** What cannot be read is not judged. */
function fitsActivations(params: QuantParams | undefined, { activations }: TargetProfile): boolean {
  if (params === undefined) return true;
  const centred = !activations.symmetric || params.zeroPoints.every((z) => z === 0);
  return params.dtype === activations.dtype && centred;
}

function weightParams(node: Node, graph: Int8Graph): QuantParams | undefined {
  const weight = node.inputs[1] ?? '';
  const maker = graph.isConstant(weight) ? graph.maker(weight) : undefined;
  return maker !== undefined && isDequantize(maker) ? graph.statedBy(maker) : undefined;
}

function fitsWeight(node: Node, params: QuantParams, graph: Int8Graph, { weights }: TargetProfile): boolean {
  if (params.dtype !== weights.dtype || params.zeroPoints.some((z) => z !== 0)) return false;
  if (params.axis === undefined) return true;
  const rank = graph.stored(node.inputs[1]!)?.dims.length ?? 0;
  const axis = params.axis < 0 ? params.axis + rank : params.axis;
  return weights.channelAxes[node.op]?.includes(axis) ?? false;
}

function axesText({ weights }: TargetProfile): string {
  const ops = Object.entries(weights.channelAxes).map(([op, axes]) => `axis ${axes.join(' or ')} of ${op}`);
  return `${ops.join(', ')}${ops.length < linearOps.size ? ', one scale elsewhere' : ''}`;
}

function hasIntegerBias(node: Node, graph: Int8Graph): boolean {
  const maker = graph.maker(node.inputs[2] ?? '');
  return maker !== undefined && isDequantize(maker) && graph.codesDType(maker) === 'int32';
}
