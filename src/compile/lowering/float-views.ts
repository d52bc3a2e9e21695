/** Inputs and outputs as float32, whatever they are: codes are dequantized before and quantized behind, as the reference does. */
import { dequantizeTensor } from '../../ops/crossings.ts';
import { constantView } from './crossing.ts';
import { dequantizeView, nameOf, quantizeView } from './crossing-views.ts';
import { denseStrides } from './loops.ts';
import type { LowerContext, View } from './lowering.ts';
import { copyView, denseScratch } from './move-views.ts';

/** Of a float input as it lies in memory; of codes, dense. */
export function floatInput(context: LowerContext, index: number): View {
  const [constant, quant] = [context.constant(index), context.inputQuant(index)];
  if (constant !== undefined && quant !== undefined)
    return constantView(context, dequantizeTensor(context.node, constant, quant));
  const view = context.input(index);
  if (view.element === 'f32') return view;
  if (view.codes === undefined)
    context.refuse(`there is no kernel for its input ${index} of ${nameOf(view)}`);
  const real = denseScratch(context, { ...view, element: 'f32', codes: undefined });
  dequantizeView(context, view, real);
  return real;
}

/** Lets `make` write the output as float32, and turns that into codes where the output is codes. */
export function floatOutput(context: LowerContext, index: number, make: (to: View) => void): void {
  const view = context.output(index);
  if (view.element === 'f32') {
    make(view);
    return;
  }
  if (view.codes === undefined) context.refuse(`there is no kernel for its output of ${nameOf(view)}`);
  const real = denseScratch(context, { ...view, element: 'f32', codes: undefined });
  make(real);
  quantizeView(context, real, view);
}

/** Dense float32: the view itself where it is that, else a copy. */
export function denseFloats(context: LowerContext, view: View): View {
  const strides = denseStrides(view.dims, 4);
  if (view.strides.every((s, axis) => view.dims[axis] === 1 || s === strides[axis])) return view;
  const copy = denseScratch(context, view);
  copyView(context, view, copy);
  return copy;
}
