/** Options that every command with samples takes: how they are preprocessed, and what the proof on them must reach. */
import type { GateLimits } from '../analyse/gate.ts';
import { defaultGate } from '../analyse/gate.ts';
import { invalidArgument } from '../base/errors.ts';
import type { Letterbox } from '../calibrate/images/letterbox.ts';
import { letterboxPlaces } from '../calibrate/images/letterbox.ts';
import type { PresetName } from '../calibrate/images/presets.ts';
import { presets } from '../calibrate/images/presets.ts';
import type { ResizeFilter } from '../calibrate/images/resize.ts';
import { filters } from '../calibrate/images/resize.ts';
import type { DataOptions } from '../calibrate/readers/open-dataset.ts';
import type { DType } from '../ir/index.ts';
import { dtypes, isNumericDType } from '../ir/index.ts';
import type { OptionSpec, RawOptions } from './command-spec.ts';
import type { RawValue } from './option-values.ts';
import { choiceOf, numberOf, numbersOf, sizeOf, textOf } from './option-values.ts';

const list = (names: readonly string[]): string => names.join(', ');

export const preprocessingOptions: readonly OptionSpec[] = [
  { flags: '--preset <name>', text: `Preprocessing of images: ${list(Object.keys(presets))}` },
  { flags: '--mean <list>', text: 'Subtracted after scaling, one number or three (R,G,B)' },
  { flags: '--std <list>', text: 'Divided by after the mean, one number or three' },
  { flags: '--scale <x>', text: 'Factor on 8-bit values, before the mean' },
  { flags: '--size <size>', text: 'Image size the model takes, 224 or 320x240 (width x height)' },
  {
    flags: '--resize <size>',
    text: 'Resize to this size instead of what the preset says; one number is the shorter side',
  },
  { flags: '--crop <size>', text: 'Centre crop after resizing' },
  {
    flags: '--letterbox <value>',
    text: 'Keep proportions and fill the rest with this pixel value: 114, or 114,top-left',
  },
  { flags: '--filter <name>', text: `Resampling: ${list(Object.keys(filters))}` },
  { flags: '--layout <order>', text: 'nchw or nhwc, where the shape does not say' },
  { flags: '--bgr', text: 'The model takes blue first' },
  { flags: '--raw-dtype <type>', text: 'What .bin and .raw files hold (default: the type of the input)' },
  { flags: '--raw-shape <dims>', text: 'Shape of a sample in them, 3x224x224 (default: that of the input)' },
];

export const dataCheckOption: OptionSpec = {
  flags: '--no-data-check',
  text: 'Do not look for signs of wrong preprocessing: saves up to 150 runs of the model',
};

export const gateOptions: readonly OptionSpec[] = [
  {
    flags: '--max-drop <points>',
    text: `Points of accuracy it may lose, with labels (default: ${defaultGate.maxDrop})`,
  },
  {
    flags: '--min-agreement <percent>',
    text: `Top-1 agreement wanted, without labels (default: ${100 * defaultGate.minAgreement})`,
  },
  {
    flags: '--min-sqnr <dB>',
    text: `Signal-to-noise of outputs wanted, without labels (default: ${defaultGate.minOutputSqnrDb})`,
  },
];

/** Throws INVALID_ARGUMENT naming the option. */
export function dataOptionsOf(raw: RawOptions): DataOptions {
  const resize = sizeOf(raw.resize, '--resize');
  const letterbox = letterboxOf(raw.letterbox, '--letterbox');
  if (resize !== undefined && letterbox !== undefined)
    throw invalidArgument('--letterbox', 'it says how to resize, and so does --resize', 'Give one of them');
  const options: { [K in keyof DataOptions]: DataOptions[K] | undefined } = {
    preset: choiceOf(raw.preset, '--preset', Object.keys(presets) as PresetName[]),
    mean: numbersOf(raw.mean, '--mean'),
    std: numbersOf(raw.std, '--std'),
    scale: numberOf(raw.scale, '--scale', -1e9, 1e9),
    size: sizeOf(raw.size, '--size'),
    resize:
      resize === undefined
        ? letterbox
        : String(raw.resize).includes('x')
          ? resize
          : { shorter: resize.width },
    crop: sizeOf(raw.crop, '--crop'),
    filter: choiceOf(raw.filter, '--filter', Object.keys(filters) as ResizeFilter[]),
    layout: choiceOf(raw.layout, '--layout', ['nchw', 'nhwc'] as const),
    bgr: raw.bgr === true ? true : undefined,
    rawDtype: choiceOf(raw.rawDtype, '--raw-dtype', numericDtypes),
    rawShape: shapeOf(raw.rawShape, '--raw-shape'),
  };
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as DataOptions;
}

const numericDtypes = (Object.keys(dtypes) as DType[]).filter(isNumericDType);

/** `3x224x224`, or with commas. */
function shapeOf(value: RawValue, flag: string): readonly number[] | undefined {
  const text = textOf(value, flag);
  if (text === undefined) return undefined;
  const dims = text.split(/[x,]/).map((part) => (/^\d{1,9}$/.test(part.trim()) ? Number(part) : 0));
  if (dims.some((d) => d < 1))
    throw invalidArgument(flag, `'${text}' is not a shape`, `Write ${flag} 3x224x224`);
  return dims;
}

/** `114` or `114,top-left`; the library checks the value. */
function letterboxOf(value: RawValue, flag: string): Letterbox | undefined {
  const text = textOf(value, flag);
  if (text === undefined) return undefined;
  const [pixel, place, ...more] = text.split(',').map((part) => part.trim());
  const known = letterboxPlaces.find((name) => name === place);
  if (
    pixel === undefined ||
    !/^\d{1,3}$/.test(pixel) ||
    more.length > 0 ||
    (known === undefined) !== (place === undefined)
  )
    throw invalidArgument(
      flag,
      `'${text}' is not a pixel value and a place`,
      `Write ${flag} 114 or ${flag} 114,top-left; places are ${letterboxPlaces.join(', ')}`,
    );
  return { letterbox: Number(pixel), ...(known === undefined ? {} : { place: known }) };
}

/** The limits asked for, the defaults where none is. Throws INVALID_ARGUMENT naming the option. */
export function gateLimitsOf(raw: RawOptions): GateLimits {
  const percent = numberOf(raw.minAgreement, '--min-agreement', 0, 100);
  return {
    maxDrop: numberOf(raw.maxDrop, '--max-drop', 0, 100) ?? defaultGate.maxDrop,
    minAgreement: percent === undefined ? defaultGate.minAgreement : percent / 100,
    minOutputSqnrDb: numberOf(raw.minSqnr, '--min-sqnr', -1000, 1000) ?? defaultGate.minOutputSqnrDb,
  };
}
