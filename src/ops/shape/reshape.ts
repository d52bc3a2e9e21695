/** Reshape's target with 0 and -1 resolved, where names may stand for sizes. */
import type { Dim, Node, Shape } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import { dimOf } from '../dims.ts';
import { impossible } from '../infer-readers.ts';

/**
 * The result's dims. The count of elements stays, so the one place that is -1 or not known follows from the
 * others as soon as everything else cancels, names included: [N, 8, 4] to [-1, 32] is [N, 32].
 * Throws INVALID_GRAPH on a target that cannot be.
 */
export function reshapedShape(node: Node, data: Shape | undefined, target: Shape): Shape {
  const copies = intAttr(node, 'allowzero', 0) === 0;
  const fail = (what: string): Error =>
    impossible(node, `[${data?.join(',') ?? '?'}] to [${target.join(',')}]: ${what}`);
  if (target.filter((d) => d === -1).length > 1) throw fail('-1 stands twice');
  if (target.some((d) => typeof d === 'number' && d < -1)) throw fail('a size is negative');
  const copied = (i: number): boolean => copies && target[i] === 0;
  const open = [...target.keys()].filter((i) => target[i] === -1 || target[i] === null);
  const result = target.map((d, i): Dim => {
    if (copied(i) && data !== undefined && i >= data.length) throw fail(`place ${i} copies nothing`);
    return copied(i) ? (data?.[i] ?? null) : d === -1 ? null : d;
  });
  if (data === undefined || open.length > 1) return result;
  // Empty before and after: the other sizes are free.
  if (data.some((d, i) => d === 0 && i < target.length && copied(i))) return result;
  // A copied size cancels with itself, known or not.
  const from = data.filter((_, i) => !(i < target.length && copied(i)));
  const to = target.filter((_, i) => !copied(i) && !open.includes(i));
  const solved = quotient(from, to);
  if (solved === 'uneven' || (open.length === 0 && typeof solved === 'number' && solved !== 1))
    throw fail('the counts differ');
  if (open.length === 1) result[open[0]!] = solved;
  return result;
}

/** Product of `from` over product of `to`: null when it is not certain. */
function quotient(from: Shape, to: Shape): Dim | 'uneven' {
  const names = from.filter((d) => typeof d !== 'number');
  for (const divisor of to) {
    if (typeof divisor === 'number') continue;
    const at = names.indexOf(divisor);
    if (divisor === null || at < 0) return null;
    names.splice(at, 1);
  }
  const above = numbersProduct(from);
  const below = numbersProduct(to);
  // With an empty tensor and an empty target any size would do.
  if (below === 0) return above === 0 || names.length > 0 ? null : 'uneven';
  if (above === 0) return 0;
  if (!Number.isSafeInteger(above) || !Number.isSafeInteger(below)) return null;
  if (names.length === 0) return above % below === 0 ? dimOf(above / below) : 'uneven';
  return names.length === 1 && above === below ? names[0]! : null;
}

function numbersProduct(dims: Shape): number {
  let product = 1;
  for (const d of dims) if (typeof d === 'number') product *= d;
  return product;
}
