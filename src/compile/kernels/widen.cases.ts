// Bytes widened: counts around a vector's bytes and a unit's, every byte there is, weights of several panels.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import { CaseMemory, kernelCase } from '../../../test/support/kernel-case.ts';
import { Dice, widened } from '../../../test/support/products.ts';
import { widenBlock, widenData, widenWeights } from './widen.ts';

const counts = [1, 31, 32, 33, widenBlock - 1, widenBlock, widenBlock + 1, 3 * widenBlock + 40];

export function cases(): readonly KernelCase[] {
  const data = counts.map((count, i) => {
    const source = Uint8Array.from({ length: count }, (_, k) => k * 7 + i);
    return oneCase(`widen ${count} bytes of data`, widenData, source, Uint16Array.from(source));
  });
  const weights = [32, 64, widenBlock, widenBlock + 96].map((count, i) => {
    const source = new Int8Array(new Dice(i).bytes(count, i === 1 ? 'extreme' : 'any').buffer);
    return oneCase(`widen ${count} weights`, widenWeights, source, widened(source));
  });
  return [...data, ...weights];
}

function oneCase(
  name: string,
  kernel: typeof widenData,
  source: Uint8Array | Int8Array,
  wide: Uint16Array | Int16Array,
): KernelCase {
  const memory = new CaseMemory();
  const count = source.length;
  const at = memory.place(source);
  // The last vectors are whole ones.
  memory.room(32);
  const whole = Math.ceil(count / 32) * 64;
  const target = memory.room(whole);
  return kernelCase(kernel, {
    name,
    params: { source: at, target, count },
    units: Math.ceil(count / widenBlock),
    memory: memory.finish(),
    expected: [{ at: target, bytes: new Uint8Array(wide.buffer) }],
    scribbled: [{ at: target + 2 * count, bytes: whole - 2 * count }],
  });
}
