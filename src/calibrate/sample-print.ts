/** A short name for what a sample holds: equal bytes have equal prints. */
import type { Sample } from './dataset.ts';

/**
 * 64 bits as 16 hex digits, over all inputs in the order of their names, with dtypes and dims: of a million samples two
 * differ in bytes and agree here once in 10^7 times. Not against forgery.
 */
export function samplePrint({ inputs }: Pick<Sample, 'inputs'>): string {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  const mix = (byte: number): void => {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte ^ (b >>> 15), 0x85ebca6b);
  };
  for (const name of Object.keys(inputs).sort()) {
    const tensor = inputs[name]!;
    for (const byte of new TextEncoder().encode(`${name} ${tensor.dtype} ${tensor.dims.join('x')};`))
      mix(byte);
    const bytes = tensor.bytes();
    for (let i = 0; i < bytes.length; i++) {
      a = Math.imul(a ^ bytes[i]!, 0x01000193);
      b = Math.imul(b ^ bytes[i]! ^ (b >>> 15), 0x85ebca6b);
    }
  }
  return [a, b].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
