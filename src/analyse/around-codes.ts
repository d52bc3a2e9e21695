/** What stands around an operator of an INT8 file: the codes it reads, and the codes its result becomes. */
import type { Node, QuantParams, ValueType } from '../ir/index.ts';
import type { TargetProfile } from '../quantize/targets/index.ts';
import { isClamp, whyNotSaturating } from './clamp-codes.ts';
import type { Int8Graph } from './int8-graph.ts';
import { isDequantize, isQuantize } from './qlinear-forms.ts';

/** Stable codes: reports group by them and tests name them. */
export type FormCode =
  | 'quantized-operator'
  | 'between-codes'
  | 'float-result'
  | 'moves-codes'
  | 'self-quantized'
  | 'clamp-in-codes'
  | 'clamp-fused'
  | 'clamp-between-codes'
  | 'clamp-zero-point'
  | 'clamp-range'
  | 'no-int8-form'
  | 'float-input'
  | 'float-weight'
  | 'float-bias'
  | 'float-output'
  | 'output-read-twice'
  | 'other-parameters'
  | 'signed-fan-out';

export interface OperatorForm {
  readonly action: 'quantized' | 'merged' | 'float';
  readonly code: FormCode;
  /** One sentence for people. */
  readonly reason: string;
}

/** Operators through which onnxruntime moves a QuantizeLinear or DequantizeLinear to reach the one that computes. */
export const transparent: ReadonlySet<string> = new Set([
  'MaxPool',
  'Reshape',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Slice',
]);
/** Operators walked through in a row. */
export const longestChain = 16;

export interface FormContext {
  readonly graph: Int8Graph;
  readonly types: { get(name: string): ValueType | undefined };
  readonly target: TargetProfile;
}

export interface CodesBefore {
  readonly codes: string;
  readonly params: QuantParams | undefined;
  readonly signedFanOut: boolean;
}

/** The codes an operator reads through a DequantizeLinear; undefined for a float. */
export function codesBefore(value: string, context: FormContext): CodesBefore | undefined {
  const { graph } = context;
  let name = value;
  for (let i = 0; i < longestChain; i++) {
    const maker = graph.maker(name);
    if (maker === undefined) return undefined;
    if (isDequantize(maker)) {
      const codes = maker.inputs[0]!;
      const params = graph.paramsOf(codes);
      return { codes, params, signedFanOut: signedFanOut(codes, params, context) };
    }
    if (!transparent.has(maker.op)) return undefined;
    name = maker.inputs[0] ?? '';
  }
  return undefined;
}

/** Profiles of onnxruntime on x64. */
const x64: ReadonlySet<string> = new Set(['ort-cpu', 'ort-cpu-avx2']);

/** onnxruntime on x64 turns int8 codes into uint8 only where one operator reads them. */
export function signedFanOut(codes: string, params: QuantParams | undefined, context: FormContext): boolean {
  if (params?.dtype !== 'int8' || !x64.has(context.target.id)) return false;
  const { readers } = context.graph;
  const direct = readers.of(codes);
  const uses = direct.flatMap((n) => (isDequantize(n) ? readers.of(n.outputs[0]!) : [n]));
  return uses.length > 1 && context.graph.maker(codes) !== undefined;
}

export type Behind =
  | { readonly codes: string; readonly clamps: readonly Node[] }
  | {
      readonly code: FormCode;
      readonly reason: string;
      /** A QuantizeLinear reads it all the same, in a way that does not make one operator of the two. */
      readonly meetsCodes: boolean;
    };

/** Follows a result to the QuantizeLinear that turns it into codes; else says what stands in the way. */
export function codesBehind(output: string, context: FormContext): Behind {
  const { graph } = context;
  const clamps: Node[] = [];
  let name = output;
  for (let i = 0; i < longestChain; i++) {
    const readers = graph.readers.of(name);
    const end = (code: FormCode, reason: string): Behind => ({
      code,
      reason,
      meetsCodes: readers.some(isQuantize),
    });
    if (graph.readers.isOutput(name)) return end('float-output', 'its result is an output of the model');
    if (readers.length !== 1)
      return readers.length > 1 && readers.every(isQuantize)
        ? end('output-read-twice', 'its result is quantized twice, with parameters of two QuantizeLinear')
        : end('output-read-twice', `its result has ${readers.length} readers, in float`);
    const reader = readers[0]!;
    if (isQuantize(reader)) {
      const params = graph.statedBy(reader);
      for (const node of context.target.clamps === 'kept' ? [] : clamps) {
        const misfit = whyNotSaturating(node, params, graph);
        if (misfit !== undefined) return { ...misfit, meetsCodes: true };
      }
      return { codes: reader.outputs[0]!, clamps };
    }
    if (isClamp(reader)) clamps.push(reader);
    else if (!transparent.has(reader.op))
      return end('float-output', `its result goes to ${reader.op} in float`);
    name = reader.outputs[0] ?? '';
  }
  return { code: 'float-output', reason: 'its result goes on in float', meetsCodes: false };
}
