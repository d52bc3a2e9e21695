/**
 * The memory of a network before it has addresses: constants, each kept once, and blocks of the arena with the calls that use
 * them, from which their lives follow.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Address } from './lowering/lowering.ts';
import type { Block, MemoryPlan } from './memory-plan.ts';
import { planMemory } from './memory-plan.ts';

/** Constants of all programs of a network: what two sizes have in common is stored once. */
export class ConstantStore {
  readonly #blocks: { bytes: Uint8Array; offset: number }[] = [];
  readonly #known = new Map<string, number>();
  #length = 0;

  get bytes(): number {
    return this.#length;
  }

  place(bytes: Uint8Array, alignment: number): Address {
    const key = `${alignment}:${bytesToHex(sha256(bytes))}`;
    let block = this.#known.get(key);
    if (block === undefined) {
      const offset = Math.ceil(this.#length / alignment) * alignment;
      this.#length = offset + bytes.length;
      block = this.#blocks.push({ bytes, offset }) - 1;
      this.#known.set(key, block);
    }
    return { space: 'constants', block, offset: 0 };
  }

  offsetOf({ block, offset }: Address): number {
    return this.#blocks[block]!.offset + offset;
  }

  /** All of them, as they go into the weights file. */
  finish(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    for (const { bytes, offset } of this.#blocks) all.set(bytes, offset);
    return all;
  }
}

/** What kernels may read beyond the end of a block. */
const slack = 64;

interface ArenaBlock {
  readonly bytes: number;
  first: number;
  last: number;
}

export class ArenaBlocks {
  readonly #blocks: ArenaBlock[] = [];

  add(bytes: number): Address {
    const block = this.#blocks.push({
      bytes: bytes + slack,
      first: Number.POSITIVE_INFINITY,
      last: Number.NEGATIVE_INFINITY,
    });
    return { space: 'arena', block: block - 1, offset: 0 };
  }

  /** The block holds something during that call. Inputs are there from call -1 on, outputs to the call behind the last. */
  use({ block }: Address, call: number): void {
    const held = this.#blocks[block]!;
    held.first = Math.min(held.first, call);
    held.last = Math.max(held.last, call);
  }

  /** Of the blocks that these parameters of a call point into, each once. */
  bytesOf(params: readonly (number | Address)[]): number {
    const blocks = new Set(
      params.flatMap((p) => (typeof p === 'object' && p.space === 'arena' ? [p.block] : [])),
    );
    return [...blocks].reduce((sum, block) => sum + this.#blocks[block]!.bytes, 0);
  }

  plan(): MemoryPlan {
    const used = this.#blocks.map(
      ({ bytes, first, last }): Block =>
        first <= last ? { bytes, first, last } : { bytes: 0, first: 0, last: 0 },
    );
    return planMemory(used);
  }
}
