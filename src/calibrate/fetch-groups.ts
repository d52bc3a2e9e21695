/** Which values are fetched in one run: as few runs as a budget of memory allows, for every run goes through the whole network. */
import { CalibrationError } from '../base/errors.ts';
import type { Model } from '../ir/index.ts';
import { dtypeOf, requiredInputs, shapeOf, tensorType, withParts } from '../ir/index.ts';
import { inferTypes } from '../ops/infer-types.ts';
import type { Sample } from './dataset.ts';

/** Bytes of values for one sample, as far as known. */
export type FetchSizes = ReadonlyMap<string, number>;

/** What types say of the values that this sample leads to: where sizes depend on the input, they are those of this one. */
export function predictedSizes(model: Model, values: readonly string[], sample: Sample): FetchSizes {
  const { graph } = model;
  const fed = new Set(requiredInputs(graph).map((port) => port.name));
  const inputs = graph.inputs.map((port) => {
    const tensor = fed.has(port.name) ? sample.inputs[port.name] : undefined;
    return tensor === undefined ? port : { ...port, type: tensorType(tensor.dtype, [...tensor.dims]) };
  });
  const types = inferTypes(withParts(model, { graph: { ...graph, inputs } }));
  const sizes = new Map<string, number>();
  for (const value of values) {
    const type = types.get(value);
    const dims = type && dtypeOf(type) === 'float32' ? shapeOf(type) : undefined;
    if (dims?.every((d): d is number => typeof d === 'number'))
      sizes.set(value, 4 * dims.reduce((n, d) => n * d, 1));
  }
  return sizes;
}

/** Values of unknown size go one by one. Throws CALIBRATION when one alone is over the budget. */
export function fetchGroups(
  values: readonly string[],
  sizes: FetchSizes,
  budgetBytes: number,
): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let room = -1;
  for (const value of values) {
    const size = sizes.get(value);
    if (size !== undefined && size > budgetBytes) throw overBudget(value, size, budgetBytes);
    if (size === undefined || size > room) {
      groups.push([]);
      room = budgetBytes;
    }
    groups[groups.length - 1]!.push(value);
    room = size === undefined ? -1 : room - size;
  }
  return groups;
}

function overBudget(value: string, size: number, budgetBytes: number): CalibrationError {
  const needed = byteText(size, Math.ceil);
  return new CalibrationError({
    where: `value '${value}'`,
    what: `for one sample it takes ${needed}, over the budget of ${byteText(budgetBytes, Math.floor)}`,
    remedy: `Give ${needed} or more (--memory, budgetBytes) or smaller samples, or exclude its operator`,
  });
}

/** Rounded so that two that differ do not look alike. */
function byteText(bytes: number, round: (x: number) => number): string {
  return bytes < 2 ** 20 ? `${bytes} bytes` : `${round((10 * bytes) / 2 ** 20) / 10} MB`;
}
