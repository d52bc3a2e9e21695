/** Which elements each output of a pool reads, and by how many it divides. */
import { elementCount } from '../../base/integer.ts';
import type { Node, Tensor } from '../../ir/index.ts';
import type { Taps } from '../conv/taps.ts';
import { convTaps } from '../conv/taps.ts';
import type { WindowGeometry } from '../conv-geometry.ts';
import { poolGeometry } from '../conv-geometry.ts';
import { boundedCount, cannotEvaluate } from '../elements.ts';
import { impossible } from '../infer-readers.ts';

export interface PoolPlaces {
  readonly dims: readonly number[];
  readonly planes: number;
  /** Spatial sizes of the input. */
  readonly input: readonly number[];
  readonly inputPlane: number;
  readonly outputPlane: number;
  readonly taps: Taps;
  /** Cells of each output's window on data. */
  readonly onData: Float64Array;
  /** Cells on data or padding; those beyond the padding, which ceil_mode makes, are none. */
  readonly padded: Float64Array;
}

export function poolPlaces(node: Node, data: Tensor): PoolPlaces {
  if (data.dims.length < 3) throw impossible(node, `needs spatial axes, not [${data.dims.join(',')}]`);
  const geometry = poolGeometry(node, data.dims);
  if (geometry === undefined) throw impossible(node, 'has no kernel_shape');
  if (geometry.pads === undefined || !geometry.output.every((d) => typeof d === 'number'))
    throw cannotEvaluate(node, 'ONNX and onnxruntime differ on the size of this output');
  const input = data.dims.slice(2);
  const output = geometry.output as readonly number[];
  const dims = [...data.dims.slice(0, 2), ...output];
  boundedCount(node, dims);
  const taps = convTaps(node, geometry, { input, output });
  const onData = new Float64Array(elementCount(output));
  for (const { to, length } of taps.list)
    for (const start of to) for (let k = 0; k < length; k++) onData[start + k]! += 1;
  return {
    dims,
    planes: data.dims[0]! * data.dims[1]!,
    input,
    inputPlane: elementCount(input),
    outputPlane: onData.length,
    taps,
    onData,
    padded: paddedCells(geometry, input, output),
  };
}

function paddedCells(
  { kernel, strides, dilations, pads }: WindowGeometry,
  input: readonly number[],
  output: readonly number[],
): Float64Array {
  let cells = new Float64Array([1]);
  for (const [axis, count] of output.entries()) {
    const end = input[axis]! + pads!.end[axis]!;
    const along = Float64Array.from({ length: count }, (_, o) => {
      const room = end - (o * strides[axis]! - pads!.begin[axis]!);
      return Math.min(kernel[axis]!, Math.ceil(room / dilations[axis]!));
    });
    const outer = cells;
    cells = new Float64Array(outer.length * count);
    for (let i = 0; i < cells.length; i++) cells[i] = outer[Math.floor(i / count)]! * along[i % count]!;
  }
  return cells;
}
