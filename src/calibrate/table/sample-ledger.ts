/**
 * Which samples a table has counted: index in the data set to print. It tells a resumed run what is done, a merge what came
 * twice, and a reader which data it was.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { OctavoError } from '../../base/errors.ts';

export class SampleLedger {
  readonly #prints = new Map<number, string>();

  get size(): number {
    return this.#prints.size;
  }

  has(index: number): boolean {
    return this.#prints.has(index);
  }

  /** Throws DATA where a sample of this index was counted, and was another. */
  expect(index: number, print: string): void {
    const known = this.#prints.get(index);
    if (known === undefined || known === print) return;
    throw new OctavoError({
      code: 'DATA',
      where: `sample ${index}`,
      what: 'it is not the one that was measured before under this index',
      remedy: 'Go on with the same data and preprocessing, or start anew (--restart)',
    });
  }

  /** Throws DATA for an index that was counted before. */
  add(index: number, print: string): void {
    if (this.#prints.has(index))
      throw new OctavoError({
        code: 'DATA',
        where: `sample ${index}`,
        what: 'a sample of this index was counted before',
        remedy: 'Give every sample its own index in the whole data set, and to one shard alone',
      });
    this.#prints.set(index, print);
  }

  /** The first index that both have counted. */
  sharedWith(other: SampleLedger): number | undefined {
    return other.entries().find(([index]) => this.has(index))?.[0];
  }

  addAll(other: SampleLedger): void {
    for (const [index, print] of other.entries()) this.add(index, print);
  }

  /** By increasing index. */
  entries(): readonly (readonly [index: number, print: string])[] {
    return [...this.#prints].sort(([a], [b]) => a - b);
  }

  /** One line for the data as a whole: SHA-256 over indices and prints, in hex. */
  fingerprint(): string {
    const text = this.entries().map(([index, print]) => `${index} ${print}\n`);
    return bytesToHex(sha256(new TextEncoder().encode(text.join(''))));
  }
}
