/** From view to view of the same dims, whatever the elements of both: copied, looked up, quantized or dequantized. */
import { elementCount } from '../../base/integer.ts';
import { perTensor, Tensor } from '../../ir/index.ts';
import { dequantizeTensor, quantizeTensor, requantizeTensor } from '../../ops/crossings.ts';
import { dequantize } from '../kernels/dequantize.ts';
import { lookupBytes, lookupWords } from '../kernels/lookup.ts';
import { quantize } from '../kernels/quantize.ts';
import type { Loop, Walked } from './loops.ts';
import { cutLoop, elementBytes, loopsOf, rowsOf } from './loops.ts';
import type { LowerContext, StoredCodes, View } from './lowering.ts';
import { copyView } from './move-views.ts';

/** How codes become codes of other parameters: by one multiplier, or as real numbers between. */
export type Between = 'codes' | 'reals';

export function moveView(context: LowerContext, from: View, to: View, between: Between = 'codes'): void {
  if (from.element === 'f32' && to.codes !== undefined) quantizeView(context, from, to);
  else if (from.codes !== undefined && to.element === 'f32') dequantizeView(context, from, to);
  else if (from.element !== to.element || (from.codes === undefined) !== (to.codes === undefined))
    context.refuse(`it makes ${nameOf(to)} of ${nameOf(from)}, for which there is no kernel`);
  else if (from.codes === undefined || sameCodes(from.codes, to.codes!)) copyView(context, from, to);
  else lookUpView(context, from, to, codeTable(context, from.codes, to.codes!, between));
}

export function sameCodes(a: StoredCodes | undefined, b: StoredCodes | undefined): boolean {
  return a?.scale === b?.scale && a?.zero === b?.zero;
}

export function nameOf({ element, codes }: View): string {
  return codes === undefined ? { u8: 'bytes', f32: 'float32', i64: 'int64' }[element] : 'codes';
}

/** Stored codes, each 0 to 255, as the reference rounds them. */
export function codeTable(
  { node }: LowerContext,
  from: StoredCodes,
  to: StoredCodes,
  between: Between,
): Uint8Array {
  const [a, b] = [from, to].map(({ scale, zero }) => perTensor('uint8', scale, zero, node.name));
  const every = Tensor.of(
    'uint8',
    [256],
    Uint8Array.from({ length: 256 }, (_, i) => i),
  );
  const made =
    between === 'codes'
      ? requantizeTensor(node, every, a!, b!)
      : quantizeTensor(node, dequantizeTensor(node, every, a!), b!);
  return made.data('uint8');
}

/** Elements of `to` by the table: 256 bytes, or 256 words where `to` holds words. */
export function lookUpView(context: LowerContext, from: View, to: View, table: Uint8Array): void {
  if (elementCount(to.dims) === 0) return;
  const bytes = elementBytes(to.element);
  const { outer, row } = alongRows(to.dims, [from, to], 1, (l) => l.steps[0] === 1 && l.steps[1] === bytes);
  const at = context.constants(table, 64);
  for (const { params, units } of rowsOf(['source', 'target'], [from, to], outer))
    context.call(
      bytes === 1 ? lookupBytes : lookupWords,
      { ...params, table: at, count: row.size, sourceStep: row.steps[0]!, targetStep: row.steps[1]! },
      units,
    );
}

/** float32 to codes. */
export function quantizeView(context: LowerContext, from: View, to: View): void {
  crossView(context, quantize, [from, to], to.codes!, (l) => l.steps[0] === 4);
}

/** Codes to float32. */
export function dequantizeView(context: LowerContext, from: View, to: View): void {
  crossView(context, dequantize, [from, to], from.codes!, (l) => l.steps[0] === 1);
}

function crossView(
  context: LowerContext,
  kernel: typeof quantize,
  [from, to]: readonly [View, View],
  { scale, zero }: StoredCodes,
  together: (loop: Loop) => boolean,
): void {
  if (elementCount(to.dims) === 0) return;
  const params = context.constants(new Uint8Array(Float32Array.of(scale, zero).buffer), 16);
  const still = { at: params, strides: to.dims.map(() => 0) };
  const views = [from, to, still];
  const { outer, row } = alongRows(to.dims, views, 1, together);
  for (const { params: rows, units } of rowsOf(['source', 'target', 'params'], views, outer))
    context.call(
      kernel,
      { ...rows, count: row.size, sourceStep: row.steps[0]!, targetStep: row.steps[1]! },
      units,
    );
}

/** The axis that goes inside: one for which kernels are fast, else the longest. A single axis is cut for threads. */
export function alongRows(
  dims: readonly number[],
  views: readonly Walked[],
  leader: number,
  isFast: (loop: Loop) => boolean,
): { readonly outer: readonly Loop[]; readonly row: Loop } {
  const loops = loopsOf(dims, views, leader);
  if (loops.length === 0) return { outer: [], row: { size: 1, steps: views.map(() => 0) } };
  // A short row of fast steps is worth less than a long one of others.
  const inner =
    loops.findLast((l) => isFast(l) && l.size >= 4) ?? loops.reduce((a, b) => (b.size > a.size ? b : a));
  const cut = loops.length === 1 ? cutLoop(inner) : [inner];
  return { outer: [...loops.filter((l) => l !== inner), ...cut.slice(0, -1)], row: cut.at(-1)! };
}
