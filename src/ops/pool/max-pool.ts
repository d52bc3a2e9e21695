/** MaxPool with the places of the largest elements, and MaxUnpool, which puts them back. */
import type { Node, Tensor } from '../../ir/index.ts';
import { intAttr, staticDims } from '../../ir/index.ts';
import type { Reference } from '../contract.ts';
import { convTransposeGeometry } from '../conv-geometry.ts';
import {
  boundedCount,
  cannotEvaluate,
  inputAt,
  integersOf,
  isFloat,
  makeBigs,
  makeNumbers,
  numbersOf,
} from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import { moveElements } from '../move.ts';
import { realsOf, roundReals } from '../reals.ts';
import type { PoolPlaces } from './places.ts';
import { poolPlaces } from './places.ts';

/** Of equals the first wins, NaN over all. A window on padding alone has the least value of the dtype, and index 0. */
export const referenceMaxPool: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const places = poolPlaces(node, data);
  const values = valuesOf(node, data);
  const at = largestPlaces(values, places);
  const lowest = data.dtype === 'int8' ? -128 : data.dtype === 'uint8' ? 0 : Number.NEGATIVE_INFINITY;
  const largest = new Float64Array(at.length);
  for (let i = 0; i < at.length; i++) largest[i] = at[i]! < 0 ? lowest : values[at[i]!]!;
  const result = isFloat(data.dtype)
    ? roundReals(node, data.dtype, places.dims, largest)
    : makeNumbers(node, data.dtype, places.dims, (i) => largest[i]!);
  return (node.outputs[1] ?? '') === '' ? [result] : [result, indicesOf(node, at, places)];
};

function valuesOf(node: Node, data: Tensor): Float64Array {
  if (data.dtype === 'int8' || data.dtype === 'uint8') return Float64Array.from(numbersOf(data));
  return realsOf(node, data);
}

/** Flat places in the input; -1 where a window holds nothing. */
function largestPlaces(data: Float64Array, places: PoolPlaces): Int32Array {
  const { planes, inputPlane, outputPlane } = places;
  const { list, fromStep } = places.taps;
  const at = new Int32Array(planes * outputPlane).fill(-1);
  const best = new Float64Array(at.length);
  for (let p = 0; p < planes; p++)
    for (const { from, to, length } of list)
      for (let r = 0; r < from.length; r++) {
        const [source, target] = [p * inputPlane + from[r]!, p * outputPlane + to[r]!];
        for (let k = 0; k < length; k++) {
          const x = data[source + k * fromStep]!;
          const known = best[target + k]!;
          if (x > known || at[target + k]! < 0 || (Number.isNaN(x) && !Number.isNaN(known))) {
            best[target + k] = x;
            at[target + k] = source + k * fromStep;
          }
        }
      }
  return at;
}

/** storage_order 1 counts a plane's places with its first axis fastest. */
function indicesOf(node: Node, at: Int32Array, { dims, input, inputPlane }: PoolPlaces): Tensor {
  if (intAttr(node, 'storage_order', 0) === 0)
    return makeBigs(node, 'int64', dims, (i) => BigInt(Math.max(0, at[i]!)));
  return makeBigs(node, 'int64', dims, (i) => {
    const place = Math.max(0, at[i]!);
    let rest = place % inputPlane;
    let index = place - rest;
    let step = inputPlane;
    for (let axis = input.length - 1; axis >= 0; axis--) {
      const size = input[axis]!;
      step /= size;
      index += (rest % size) * step;
      rest = Math.floor(rest / size);
    }
    return BigInt(index);
  });
}

/** Indices are flat places in the output; the rest is zero. */
export const referenceMaxUnpool: Reference = (context) => {
  const { node } = context;
  const data = inputAt(context, 0);
  const indices = inputAt(context, 1);
  if (data.dims.length < 3 || indices.dims.join() !== data.dims.join())
    throw impossible(
      node,
      `data [${data.dims.join(',')}] and indices [${indices.dims.join(',')}] do not fit`,
    );
  const spatial = staticDims(convTransposeGeometry(node, data.dims, undefined)?.output);
  if (spatial === undefined) throw impossible(node, 'has no kernel_shape');
  const dims = [...data.dims.slice(0, 2), ...spatial];
  const stated = context.inputs[2] && integersOf(context.inputs[2]);
  if (stated !== undefined && stated.join() !== dims.join())
    throw cannotEvaluate(node, 'ONNX and onnxruntime differ on what indices mean under another output_shape');
  const from = new Int32Array(boundedCount(node, dims)).fill(-1);
  for (const [i, place] of integersOf(indices).entries()) {
    if (!(place >= 0 && place < from.length)) throw impossible(node, `index ${place} is outside the output`);
    from[place] = i;
  }
  return [moveElements(node, data, dims, from)];
};
