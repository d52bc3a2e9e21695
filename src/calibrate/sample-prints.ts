/** What is seen of samples while they stream by: the same bytes twice, one value throughout, no numbers, classes left out. */
import type { Note } from '../base/errors.ts';
import type { Tensor } from '../ir/index.ts';
import { ClassCounts } from './class-coverage.ts';
import type { Dataset, Sample } from './dataset.ts';
import { samplePrint } from './sample-print.ts';

export interface WatchedDataset extends Dataset {
  /** Of the samples seen in the first full iteration so far. */
  notes(): readonly Note[];
}

/**
 * The same samples in the same order; the first iteration over them is looked at. `classes`: how many labels the model tells
 * apart, where it is a classifier.
 */
export function watched(samples: Dataset, classes?: number): WatchedDataset {
  const seen = new Map<string, string>();
  const repeated: string[] = [];
  const constant: string[] = [];
  const broken: string[] = [];
  const labels = new ClassCounts();
  let count = 0;
  let started = false;
  const look = (sample: Sample): void => {
    count++;
    const print = samplePrint(sample);
    const first = seen.get(print);
    if (first === undefined) seen.set(print, sample.name);
    else repeated.push(`${sample.name} is ${first}`);
    if (isBroken(sample)) broken.push(sample.name);
    else if (isConstant(sample)) constant.push(sample.name);
    labels.see(sample.label);
  };
  const { size, splits } = samples;
  return {
    ...(size === undefined ? {} : { size }),
    ...(splits === undefined ? {} : { splits }),
    async *[Symbol.asyncIterator]() {
      const watching = !started;
      started = true;
      for await (const sample of samples) {
        if (watching) look(sample);
        yield sample;
      }
    },
    notes() {
      const notes: Note[] = [];
      if (broken.length > 0)
        notes.push({
          code: 'non-finite-values',
          where: 'calibration data',
          what: `${broken.length} of ${count} samples hold NaN or infinity (${listed(broken)}): mend what made them, or take them out`,
        });
      if (repeated.length > 0)
        notes.push({
          code: 'duplicate-samples',
          where: 'calibration data',
          what: `${repeated.length} of ${count} samples repeat another one to the byte (${listed(repeated)}): they add nothing, give different ones`,
        });
      if (constant.length > 0)
        notes.push({
          code: 'constant-samples',
          where: 'calibration data',
          what: `${constant.length} of ${count} samples hold one value throughout (${listed(constant)}): check that they were made right, or take them out`,
        });
      return classes === undefined ? notes : [...notes, ...labels.notes(classes)];
    },
  };
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}`;
}

/** Whether an input of floats holds what no measurement gives; -Infinity is how masks leave something out. */
function isBroken(sample: Sample): boolean {
  return Object.values(sample.inputs).some(
    (tensor) =>
      /^b?float\d+$/.test(tensor.dtype) &&
      tensor.toFloat32().some((x) => Number.isNaN(x) || x === Number.POSITIVE_INFINITY),
  );
}

/** Whether every input of more than one element repeats its first; a mask of ones beside real values is none. */
function isConstant(sample: Sample): boolean {
  const large = Object.values(sample.inputs).filter((tensor) => tensor.size > 1);
  return large.length > 0 && large.every(repeatsFirst);
}

function repeatsFirst(tensor: Tensor): boolean {
  const bytes = tensor.bytes();
  const width = bytes.length / tensor.size;
  for (let i = width; i < bytes.length; i++) if (bytes[i] !== bytes[i - width]) return false;
  return true;
}
