/** From the model's input and the user's options to a preprocessing: size, layout and channels are the model's. */
import { invalidArgument, OctavoError, UnsupportedError, unreachable } from '../../base/errors.ts';
import type { Dim, Port } from '../../ir/index.ts';
import { dtypeOf, shapeOf } from '../../ir/index.ts';
import type { Letterbox } from './letterbox.ts';
import { letterboxPlaces } from './letterbox.ts';
import type { Normalization } from './normalize.ts';
import { identity, isIdentity, isUniform, tripleOf } from './normalize.ts';
import type { Size } from './pixel-image.ts';
import type { Layout, Preprocessing } from './preprocess.ts';
import { isLetterbox } from './preprocess.ts';
import type { Preset, PresetName } from './presets.ts';
import { isPresetName, presets } from './presets.ts';
import type { ResizeFilter } from './resize.ts';
import { filters } from './resize.ts';

/** What a user may say; each part overrides the preset's. */
export interface ImageOptions {
  readonly preset?: PresetName;
  /** One number or three (R, G, B), after `scale`. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly scale?: number;
  /** The model's image size, where its shape leaves height or width open. */
  readonly size?: Size;
  readonly resize?: Preprocessing['resize'];
  readonly crop?: Preprocessing['crop'];
  readonly filter?: ResizeFilter;
  readonly layout?: Layout;
  /** The model takes blue first. */
  readonly bgr?: boolean;
}

/** What an input shape says of the images it takes. */
export interface ImageShape extends Size {
  readonly channels: 1 | 3;
  readonly layout: Layout;
}

/** Preset and flags as one normalization; undefined when neither says anything about values. */
export function normalizationOf(options: ImageOptions): Normalization | undefined {
  const { preset, mean, std, scale } = options;
  if (preset === undefined && mean === undefined && std === undefined && scale === undefined)
    return undefined;
  if (scale !== undefined && (!Number.isFinite(scale) || scale === 0))
    throw invalidArgument(
      'option scale',
      `${scale} is not a usable factor`,
      'Give a number such as 0.00392157',
    );
  const base: Normalization = preset === undefined ? identity : presetOf(preset);
  return {
    scale: scale ?? base.scale,
    mean: mean === undefined ? base.mean : tripleOf('mean', mean),
    std: std === undefined ? base.std : tripleOf('std', std),
  };
}

export function presetOf(name: string): Preset {
  if (isPresetName(name)) return presets[name];
  throw invalidArgument(
    'option preset',
    `there is no preset '${name}'`,
    `Presets are ${Object.keys(presets).join(', ')}`,
  );
}

/**
 * Reads layout, channels and size from an input of rank 4: 3 or 1 at axis 1 is nchw, at axis 3 nhwc.
 * Throws UNSUPPORTED on another rank or a fixed batch, INVALID_ARGUMENT where an option has to decide.
 */
export function imageShape(port: Port, options: ImageOptions): ImageShape {
  const where = `input '${port.name}'`;
  const shape = shapeOf(port.type);
  if (shape === undefined || shape.length !== 4)
    throw new UnsupportedError({
      where,
      what: `images feed inputs of four dimensions, this one has ${shape === undefined ? 'an unknown shape' : `shape ${shapeText(shape)}`}`,
      remedy: 'Give the samples as .npy or .npz arrays',
    });
  const batch = shape[0];
  if (typeof batch === 'number' && batch !== 1)
    throw new UnsupportedError({
      where,
      what: `its batch is fixed at ${batch}`,
      remedy: 'Export the model with a batch of 1 or a dynamic one',
    });
  const layout = layoutOf(shape, options, where);
  const [channels, height, width] =
    layout === 'nchw' ? [shape[1], shape[2], shape[3]] : [shape[3], shape[1], shape[2]];
  if (channels !== 1 && channels !== 3)
    throw new UnsupportedError({
      where,
      what: `shape ${shapeText(shape)} has ${channels ?? 'unknown'} channels as ${layout}, images have 3 or 1`,
      remedy: 'Give --layout if the channels are elsewhere, or the samples as .npy or .npz arrays',
    });
  return { channels, layout, ...sizeOf(height, width, options, where) };
}

function layoutOf(shape: readonly Dim[], options: ImageOptions, where: string): Layout {
  if (options.layout !== undefined) return options.layout;
  const isChannels = (dim: Dim | undefined): boolean => dim === 1 || dim === 3;
  const first = isChannels(shape[1]);
  const last = isChannels(shape[3]);
  if (first !== last) return first ? 'nchw' : 'nhwc';
  throw invalidArgument(
    where,
    `shape ${shapeText(shape)} does not say where the channels are`,
    'Give --layout nchw or --layout nhwc',
  );
}

function sizeOf(height: Dim | undefined, width: Dim | undefined, options: ImageOptions, where: string): Size {
  const { size } = options;
  if (size !== undefined && !isSize(size))
    throw invalidArgument(
      'option size',
      `${size.width}x${size.height} is no image size`,
      'Give --size 224x224',
    );
  const fits = (dim: Dim | undefined, given: number): boolean => typeof dim !== 'number' || dim === given;
  if (size !== undefined && !(fits(height, size.height) && fits(width, size.width)))
    throw invalidArgument(
      'option size',
      `${size.width}x${size.height} is not what ${where} takes, which is ${width}x${height}`,
      'Leave --size out',
    );
  const known = size ?? { width, height };
  if (typeof known.width === 'number' && typeof known.height === 'number')
    return { width: known.width, height: known.height };
  throw invalidArgument(
    where,
    'the model leaves the size of its images open',
    'Give --size, for example --size 224x224',
  );
}

function isSize(size: Size): boolean {
  return [size.width, size.height].every((n) => Number.isSafeInteger(n) && n >= 1 && n <= 65536);
}

/**
 * The preprocessing for one input. Values need a preset or a flag, except where the input is uint8, which
 * takes pixels as they are. Throws as `imageShape`, and INVALID_ARGUMENT on options that contradict.
 */
export function preprocessingFor(port: Port, options: ImageOptions): Preprocessing {
  const where = `input '${port.name}'`;
  const dtype = dtypeOf(port.type);
  if (dtype !== 'float32' && dtype !== 'uint8')
    throw new UnsupportedError({
      where,
      what: `images feed inputs of type float32 or uint8, this one is ${dtype ?? 'not a tensor'}`,
      remedy: 'Give the samples as .npy or .npz arrays of that type',
    });
  const shape = imageShape(port, options);
  const output: Size = { width: shape.width, height: shape.height };
  const given = normalizationOf(options);
  if (given === undefined && dtype === 'float32')
    throw invalidArgument(
      where,
      'nothing says which values the model was trained on',
      `Give --preset (${Object.keys(presets).join(', ')}), or --scale, --mean and --std`,
    );
  const values = given ?? identity;
  if (dtype === 'uint8' && !isIdentity(values))
    throw invalidArgument(
      where,
      'the model takes uint8 pixels and normalizes them itself, so scale, mean and std have no place',
      'Use --preset 0-255 or no preset',
    );
  if (shape.channels === 1 && !isUniform(values))
    throw invalidArgument(
      where,
      'the model takes grey images, the mean and deviation given are for three channels',
      'Give --mean and --std with one number each',
    );
  if (shape.channels === 1 && options.bgr === true)
    throw invalidArgument('option bgr', `${where} takes grey images`, 'Leave --bgr out');
  const filter = options.filter ?? presetOf(options.preset ?? '0-255').filter;
  if (!Object.hasOwn(filters, filter))
    throw invalidArgument(
      'option filter',
      `there is no filter '${filter}'`,
      `Filters are ${Object.keys(filters).join(', ')}`,
    );
  return {
    ...values,
    ...framing(output, options),
    filter,
    channels: shape.channels === 1 ? 'grey' : options.bgr === true ? 'bgr' : 'rgb',
    layout: shape.layout,
    output,
    dtype,
  };
}

function framing(output: Size, options: ImageOptions): Pick<Preprocessing, 'resize' | 'crop' | 'keepExact'> {
  const preset = presetFraming(output, presetOf(options.preset ?? '0-255'));
  const resize = options.resize ?? preset.resize;
  // A resize to a fixed size leaves nothing for the preset's crop to do.
  if (isLetterbox(resize)) {
    checkLetterbox(resize, options);
    return { resize, crop: 'none', keepExact: false };
  }
  const crop = options.crop ?? (resize !== 'none' && 'width' in resize ? 'none' : output);
  const ends = crop !== 'none' ? crop : resize !== 'none' && 'width' in resize ? resize : output;
  if (crop !== 'none' && !isSize(crop))
    throw invalidArgument(
      'option crop',
      `${crop.width}x${crop.height} is no image size`,
      'Give --crop 224x224',
    );
  if (
    resize !== 'none' &&
    !isSize('width' in resize ? resize : { width: resize.shorter, height: resize.shorter })
  )
    throw invalidArgument(
      'option resize',
      'this is no image size',
      'Give a whole number of pixels from 1 to 65536',
    );
  if (ends.width !== output.width || ends.height !== output.height)
    throw new OctavoError({
      code: 'INVALID_ARGUMENT',
      where: crop !== 'none' ? 'option crop' : 'option resize',
      what: `images would come out at ${ends.width}x${ends.height}, the model takes ${output.width}x${output.height}`,
      remedy: 'Let the last step end at the size of the model',
    });
  // Asked for in so many words, a resize is done even on images of the right size.
  return { resize, crop, keepExact: options.resize === undefined };
}

function checkLetterbox(rule: Letterbox, options: ImageOptions): void {
  const { letterbox: value, place = 'centre' } = rule;
  if (!Number.isInteger(value) || value < 0 || value > 255)
    throw invalidArgument(
      'option letterbox',
      `${value} is no pixel value`,
      'Give a whole number from 0 to 255, such as 114',
    );
  if (!letterboxPlaces.includes(place))
    throw invalidArgument(
      'option letterbox',
      `there is no place '${place}'`,
      `Places are ${letterboxPlaces.join(', ')}`,
    );
  if (options.crop !== undefined)
    throw invalidArgument(
      'option crop',
      'a letterboxed image has the size of the model already',
      'Leave out --crop or --letterbox',
    );
}

/** For a model that is not square the larger side decides, so that the crop always fits. */
function presetFraming(output: Size, preset: Preset): Pick<Preprocessing, 'resize'> {
  const { fit } = preset;
  switch (fit.kind) {
    case 'stretch':
      return { resize: output };
    case 'shorter': {
      const side = Math.max(output.width, output.height);
      return { resize: { shorter: Math.round((side * fit.numerator) / fit.denominator) } };
    }
    default:
      return unreachable(fit);
  }
}

export function shapeText(shape: readonly Dim[]): string {
  return `[${shape.map((d) => d ?? '?').join(', ')}]`;
}
