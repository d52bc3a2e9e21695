/** One of ONNX's cases through the interpreter, judged as ONNX's own runner judges: relative 1e-3, absolute 1e-7, integers equal. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OctavoError, UnsupportedError } from '../../src/base/errors.ts';
import { interpret } from '../../src/engines/interpreter/interpret.ts';
import { readOnnx, readOnnxTensor } from '../../src/formats/onnx/index.ts';
import type { Model, Node, Tensor } from '../../src/ir/index.ts';
import { requiredInputs } from '../../src/ir/index.ts';
import { oracleOf } from '../../src/ops/oracle.ts';
import type { ConformanceCase } from './cases.ts';

export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'skipped'; readonly why: string }
  /** It gives something else than the case wants, on purpose. */
  | { readonly kind: 'differs'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

export interface Judged {
  readonly name: string;
  /** The operator it is about; undefined for a graph of several. */
  readonly operator: string | undefined;
  readonly verdict: Verdict;
}

const nameOf = (node: Pick<Node, 'op' | 'domain'>): string =>
  node.domain === '' || node.domain === 'ai.onnx' ? node.op : `${node.domain}.${node.op}`;

function isClaimed(node: Node): boolean {
  const contract = oracleOf(node);
  return contract?.reference !== undefined || contract?.evaluate !== undefined;
}

/** Their results are drawn, or are those of a training step. */
const random = new Set([
  'Bernoulli',
  'RandomNormalLike',
  'RandomUniformLike',
  'RandomNormal',
  'RandomUniform',
]);

const wrapping =
  'the case wraps int8, where ONNX says of the operator that it saturates (as onnxruntime does)';
const fractional =
  'the case spreads the corners over a fractional length (2.4), not over that of the result (2) as onnxruntime does (onnx/onnx#2462)';

/** Cases that want what ONNX's text or every engine has otherwise. */
const differences: ReadonlyMap<string, string> = new Map([
  ['test_l2normalization_axis_0', 'the case divides 0 by 0, where ONNX says of the operator that it gives 0'],
  ['test_qlinearmatmul_2D_int8_float16', wrapping],
  ['test_qlinearmatmul_2D_int8_float32', wrapping],
  ['test_qlinearmatmul_3D_int8_float16', wrapping],
  ['test_qlinearmatmul_3D_int8_float32', wrapping],
  ['test_resize_downsample_scales_cubic_align_corners', fractional],
  ['test_resize_downsample_scales_linear_align_corners', fractional],
]);

export function judge(test: ConformanceCase): Judged {
  let model: Model;
  try {
    model = readOnnx(readFileSync(join(test.folder, 'model.onnx')));
  } catch (error) {
    return {
      name: test.name,
      operator: undefined,
      verdict: { kind: 'failed', why: `reading: ${textOf(error)}` },
    };
  }
  const { nodes } = model.graph;
  const operator = nodes.length === 1 ? nameOf(nodes[0]!) : undefined;
  const why = differences.get(test.name);
  const verdict = verdictOf(test, model);
  return { name: test.name, operator, verdict: why === undefined ? verdict : knownToDiffer(verdict, why) };
}

/** A reason that is none any more is told. */
function knownToDiffer(verdict: Verdict, why: string): Verdict {
  if (verdict.kind === 'failed') return { kind: 'differs', why };
  return { kind: 'failed', why: `${verdict.kind}, though listed as different` };
}

function verdictOf(test: ConformanceCase, model: Model): Verdict {
  const { nodes } = model.graph;
  const unclaimed = nodes.find((node) => !isClaimed(node));
  if (unclaimed !== undefined) return { kind: 'skipped', why: `${nameOf(unclaimed)} is not claimed` };
  const drawn = nodes.find((node) => random.has(node.op));
  if (drawn !== undefined) return { kind: 'skipped', why: `${drawn.op} draws its results` };
  const ports = [...model.graph.inputs, ...model.graph.outputs];
  if (ports.some((p) => p.type.kind === 'opaque'))
    return { kind: 'skipped', why: 'sequences, maps and optionals are not computed' };
  try {
    for (const set of test.sets) {
      const problem = runSet(model, set);
      if (problem !== undefined) return { kind: 'failed', why: problem };
    }
  } catch (error) {
    if (error instanceof UnsupportedError) return { kind: 'skipped', why: error.what };
    return { kind: 'failed', why: textOf(error) };
  }
  return { kind: 'passed' };
}

function textOf(error: unknown): string {
  return error instanceof OctavoError ? error.message : String(error instanceof Error ? error.stack : error);
}

function tensorsIn(set: string, kind: 'input' | 'output'): readonly Tensor[] {
  const count = readdirSync(set).filter((name) => name.startsWith(`${kind}_`)).length;
  return Array.from({ length: count }, (_, i) => {
    const name = `${kind}_${i}.pb`;
    return readOnnxTensor(readFileSync(join(set, name)), name).tensor;
  });
}

function runSet(model: Model, set: string): string | undefined {
  const given = tensorsIn(set, 'input');
  const ports = given.length === model.graph.inputs.length ? model.graph.inputs : requiredInputs(model.graph);
  const feeds = Object.fromEntries(ports.map((port, i) => [port.name, given[i]!]));
  const results = interpret(model, feeds);
  const expected = tensorsIn(set, 'output');
  for (const [i, { name }] of model.graph.outputs.entries()) {
    const problem = difference(results[name]!, expected[i]!);
    if (problem !== undefined) return `output '${name}': ${problem}`;
  }
  return undefined;
}

function difference(ours: Tensor, theirs: Tensor): string | undefined {
  const typeOf = (t: Tensor): string => `${t.dtype} [${t.dims.join(',')}]`;
  if (typeOf(ours) !== typeOf(theirs)) return `${typeOf(ours)} instead of ${typeOf(theirs)}`;
  if (ours.dtype === 'string') {
    const [a, b] = [ours, theirs].map((t) =>
      t
        .strings()
        .map((s) => Buffer.from(s).toString())
        .join('\n'),
    );
    return a === b ? undefined : 'other strings';
  }
  if (Buffer.compare(ours.bytes(), theirs.bytes()) === 0) return undefined;
  const exact = !ours.dtype.includes('float') || ours.dtype.startsWith('float8');
  if (exact && (ours.dtype.startsWith('float8') || ours.dtype.startsWith('float4'))) return 'other bytes';
  const [x, y] = [ours.toNumbers(), theirs.toNumbers()];
  const at = y.findIndex((b, i) => {
    const a = x[i]!;
    if (Object.is(a, b) || a === b) return false;
    return exact || !(Math.abs(a - b) <= 1e-7 + 1e-3 * Math.abs(b));
  });
  return at < 0 ? undefined : `element ${at} is ${x[at]} instead of ${y[at]}`;
}
