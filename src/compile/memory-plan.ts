/**
 * Where each block of the arena lies: blocks that are never alive at the same time share memory. Largest first, each into the
 * lowest gap it fits among those placed that live with it (the greedy way of TFLite's arena planner, Pisarchyk and Lee 2020).
 */

export interface Block {
  readonly bytes: number;
  /** First and last call during which the block holds something. */
  readonly first: number;
  readonly last: number;
}

export interface MemoryPlan {
  /** Parallel to the blocks: multiples of the alignment. */
  readonly offsets: readonly number[];
  readonly bytes: number;
  /** The most that is alive at one call: no plan needs less. */
  readonly lowerBound: number;
}

export function planMemory(blocks: readonly Block[], alignment = 64): MemoryPlan {
  const rounded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
  const order = [...blocks.keys()].sort(
    (a, b) => blocks[b]!.bytes - blocks[a]!.bytes || blocks[a]!.first - blocks[b]!.first || a - b,
  );
  const offsets = new Array<number>(blocks.length).fill(0);
  const placed: number[] = [];
  let bytes = 0;
  for (const i of order) {
    const block = blocks[i]!;
    const size = rounded(block.bytes);
    const beside = placed
      .filter((j) => blocks[j]!.first <= block.last && block.first <= blocks[j]!.last)
      .sort((a, b) => offsets[a]! - offsets[b]!);
    let at = 0;
    for (const j of beside) {
      if (offsets[j]! - at >= size) break;
      at = Math.max(at, offsets[j]! + rounded(blocks[j]!.bytes));
    }
    offsets[i] = at;
    placed.push(i);
    bytes = Math.max(bytes, at + size);
  }
  return { offsets, bytes, lowerBound: lowerBound(blocks, rounded) };
}

function lowerBound(blocks: readonly Block[], rounded: (bytes: number) => number): number {
  const changes = new Map<number, number>();
  const change = (at: number, bytes: number): void => {
    changes.set(at, (changes.get(at) ?? 0) + bytes);
  };
  for (const { bytes, first, last } of blocks) {
    change(first, rounded(bytes));
    change(last + 1, -rounded(bytes));
  }
  let [alive, most] = [0, 0];
  for (const at of [...changes.keys()].sort((a, b) => a - b)) {
    alive += changes.get(at)!;
    most = Math.max(most, alive);
  }
  return most;
}
