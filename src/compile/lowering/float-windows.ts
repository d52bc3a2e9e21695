/** Convolutions, transposed convolutions and pools of floats over one or two spatial axes; codes among them are dequantized. */
import { elementCount } from '../../base/integer.ts';
import { intAttr, Tensor } from '../../ir/index.ts';
import { convGeometry, convTransposeGeometry, poolGeometry } from '../../ops/conv-geometry.ts';
import { poolPlaces } from '../../ops/pool/places.ts';
import { floatConvolution, tapBytes } from '../kernels/float-convolution.ts';
import type { FloatPoolKernel } from '../kernels/float-pool.ts';
import { averagePoolFloats, maxPoolFloats } from '../kernels/float-pool.ts';
import { constantView } from './crossing.ts';
import { denseFloats, floatInput, floatOutput } from './float-views.ts';
import type { Along } from './images.ts';
import { imageOf, windowOf } from './images.ts';
import { rowsOf } from './loops.ts';
import type { Address, LowerContext, Lowering, View } from './lowering.ts';

/** A tap that a result meets: which, and the place in the data. */
interface Meeting {
  readonly tap: number;
  readonly place: number;
}

/** Of every result along an axis of a convolution, in the order of the taps. */
function convMeetings(
  { kernel, stride, dilation, begin, output }: Along,
  size: number,
): readonly Meeting[][] {
  return Array.from({ length: output }, (_, o) =>
    Array.from({ length: kernel }, (_, tap) => ({ tap, place: o * stride + tap * dilation - begin })).filter(
      ({ place }) => place >= 0 && place < size,
    ),
  );
}

/** Result o of a transposed convolution adds input i by tap k where o = i * stride + k * dilation - begin. */
function transposedMeetings(
  { kernel, stride, dilation, begin, output }: Along,
  size: number,
): readonly Meeting[][] {
  return Array.from({ length: output }, (_, o) =>
    Array.from({ length: kernel }, (_, tap) => ({
      tap,
      place: (o + begin - tap * dilation) / stride,
    })).filter(({ place }) => Number.isInteger(place) && place >= 0 && place < size),
  );
}

function tapRecords(
  context: LowerContext,
  meetings: readonly (readonly Meeting[])[],
  bytes: { readonly tap: number; readonly place: number },
): { readonly at: Address; readonly size: number } {
  const most = Math.max(1, ...meetings.map((m) => m.length));
  const size = tapBytes(most);
  const view = new DataView(new ArrayBuffer(meetings.length * size));
  for (const [i, list] of meetings.entries()) {
    view.setInt32(i * size, list.length, true);
    for (const [k, { tap, place }] of list.entries()) {
      view.setInt32(i * size + 8 + 8 * k, tap * bytes.tap, true);
      view.setInt32(i * size + 12 + 8 * k, place * bytes.place, true);
    }
  }
  return { at: context.constants(new Uint8Array(view.buffer), 16), size };
}

/** The longest run of results that meet the same taps, each a step of places further than the one before. */
function evenRun(meetings: readonly (readonly Meeting[])[], step: number): readonly [number, number] {
  const goesOn = (i: number): boolean =>
    meetings[i]!.length === meetings[i - 1]!.length &&
    meetings[i]!.every(({ tap, place }, k) => {
      const before = meetings[i - 1]![k]!;
      return tap === before.tap && place === before.place + step;
    });
  let best: readonly [number, number] = [0, 0];
  for (let start = 0; start < meetings.length; ) {
    let end = start + 1;
    while (end < meetings.length && goesOn(end)) end++;
    if (end - start > best[1] - best[0]) best = [start, end];
    start = end;
  }
  return best;
}

function lowerConv(context: LowerContext): void {
  const from = imageOf(context, floatInput(context, 0));
  const weight = denseFloats(context, floatInput(context, 1));
  const { node } = context;
  const transposed = node.op === 'ConvTranspose';
  const geometry = transposed
    ? convTransposeGeometry(node, from.view.dims, weight.dims)
    : convGeometry(node, from.view.dims, weight.dims);
  const window = windowOf(context, geometry);
  const { group } = geometry!;
  // [O, I / group, ...] or, transposed, [I, O / group, ...].
  const inputs = transposed ? weight.dims[0]! / group : weight.dims[1]!;
  const outputs = transposed ? weight.dims[1]! : weight.dims[0]! / group;
  const kernel = elementCount(weight.dims.slice(2)) * 4;
  const [perOutput, perInput] = transposed ? [kernel, outputs * kernel] : [inputs * kernel, kernel];
  const meet = transposed ? transposedMeetings : convMeetings;
  const across = meet(window.x, from.width);
  const down = meet(window.y, from.height);
  const downRecords = tapRecords(context, down, { tap: window.x.kernel * 4, place: from.row });
  const acrossRecords = tapRecords(context, across, { tap: 4, place: from.pixel });
  const step = transposed ? 1 : window.x.stride;
  const [even, evenEnd] = evenRun(across, step);
  const bias = context.has(2) ? floatInput(context, 2) : zero(context);
  const biasStep = bias.strides.at(-1) ?? 0;
  floatOutput(context, 0, (view) => {
    if (elementCount(view.dims) === 0) return;
    const to = imageOf(context, view);
    const dims = [to.images, group, outputs, to.height];
    const strided = (at: Address, strides: readonly number[]) => ({ at, strides });
    const views = [
      strided(from.view.at, [from.image, inputs * from.channel, 0, 0]),
      strided(weight.at, [0, inputs * outputs * kernel, perOutput, 0]),
      strided(bias.at, [0, outputs * biasStep, biasStep, 0]),
      strided(view.at, [to.image, outputs * to.channel, to.channel, to.row]),
      strided(downRecords.at, [0, 0, 0, downRecords.size]),
    ];
    const loops = dims.map((size, axis) => ({ size, steps: views.map((v) => v.strides[axis]!) }));
    for (const { params, units } of rowsOf(['source', 'weight', 'bias', 'target', 'down'], views, loops))
      context.call(
        floatConvolution,
        {
          ...params,
          across: acrossRecords.at,
          acrossBytes: acrossRecords.size,
          channels: inputs,
          channelStep: from.channel,
          weightStep: perInput,
          places: to.width,
          targetStep: to.pixel,
          even,
          evenEnd,
          sourceStep: step * from.pixel,
        },
        units,
        { macs: elementCount(view.dims) * inputs * (kernel / 4) },
      );
  });
}

function zero(context: LowerContext): View {
  return constantView(context, Tensor.of('float32', [], new Float32Array(1)));
}

/** What of each window lies on data: the offset of its first cell, and how many. */
function spans(context: LowerContext, along: Along, size: number, bytes: number): Address {
  const pairs = convMeetings(along, size).flatMap((list) => [(list[0]?.place ?? 0) * bytes, list.length]);
  return context.constants(new Uint8Array(Int32Array.from(pairs).buffer), 16);
}

function lowerPool(context: LowerContext): void {
  const { node } = context;
  if (node.outputs.slice(1).some((name) => name !== ''))
    context.refuse('it also gives the places of its maxima, for which there is no kernel');
  const from = imageOf(context, floatInput(context, 0));
  const window = windowOf(context, poolGeometry(node, from.view.dims));
  const kernel: FloatPoolKernel = node.op === 'MaxPool' ? maxPoolFloats : averagePoolFloats;
  const counts = context.constants(new Uint8Array(countsOf(context, from.view.dims).buffer), 16);
  const down = spans(context, window.y, from.height, from.row);
  const across = spans(context, window.x, from.width, from.pixel);
  floatOutput(context, 0, (view) => {
    if (elementCount(view.dims) === 0) return;
    const to = imageOf(context, view);
    const dims = [to.images, to.channels, to.height];
    const views = [
      { at: from.view.at, strides: [from.image, from.channel, 0] },
      { at: view.at, strides: [to.image, to.channel, to.row] },
      { at: down, strides: [0, 0, 8] },
      { at: counts, strides: [0, 0, 8 * to.width] },
    ];
    const loops = dims.map((size, axis) => ({ size, steps: views.map((v) => v.strides[axis]!) }));
    for (const { params, units } of rowsOf(['source', 'target', 'down', 'counts'], views, loops))
      context.call(
        kernel,
        {
          ...params,
          across,
          places: to.width,
          targetStep: to.pixel,
          downStep: window.y.dilation * from.row,
          acrossStep: window.x.dilation * from.pixel,
        },
        units,
      );
  });
}

/** What the sum of each place is divided by; a maximum needs none. */
function countsOf({ node }: LowerContext, dims: readonly number[]): Float64Array {
  const places = poolPlaces(
    node,
    Tensor.lazy('float32', dims, () => new Uint8Array(0)),
  );
  return intAttr(node, 'count_include_pad', 0) !== 0 ? places.padded : places.onData;
}

export const floatWindowLowerings: readonly Lowering[] = [
  { op: 'Conv', lower: lowerConv },
  { op: 'ConvTranspose', lower: lowerConv },
  { op: 'MaxPool', lower: lowerPool },
  { op: 'AveragePool', lower: lowerPool },
];
