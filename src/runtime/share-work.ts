/**
 * How a program's calls are cut into pieces for threads: large calls into several, small ones left whole and done in a row by
 * whoever comes first, since handing over costs more than they do. Which thread does what never shows in the results.
 */
import type { VariantName } from './choose-module.ts';
import type { CompiledCall } from './manifest.ts';

/** Roughly what a thread does in a microsecond. */
const macsPerMicrosecond = 60_000;
const bytesPerMicrosecond = 8_000;
/** Microseconds below which a call stays whole. */
const smallCall = 4;
/** Microseconds that a piece should last at least, so that taking it costs nothing. */
const smallPiece = 2;
/** More pieces than threads: who is held up by other programs does fewer of them. */
const piecesPerThread = 4;

/**
 * Writes into the fourth word of every call how many pieces there are up to its end, and returns how many in all. A call
 * without pieces of its own belongs to the piece before, if that is a whole call; else nobody does it.
 */
export function shareWork(
  list: Int32Array,
  calls: readonly CompiledCall[],
  { threads, variant }: { readonly threads: number; readonly variant: VariantName },
): number {
  let pieces = 0;
  let isRow = false;
  for (const [i, call] of calls.entries()) {
    const units = list[4 * i + 2]!;
    const microseconds = timeOf(call);
    // As many for each thread: one more than that would leave the others waiting for it.
    const each = Math.floor(microseconds / (smallPiece * threads));
    const wanted = threads * Math.min(piecesPerThread, Math.max(1, each));
    const own = microseconds < smallCall ? 1 : Math.max(1, Math.min(units, wanted));
    // Where it does nothing, nobody has to do it: it must not hold up what follows.
    const isIdle = call.onlyIn !== undefined && call.onlyIn !== variant;
    if (!isIdle && (own > 1 || !isRow)) pieces += own;
    if (!isIdle) isRow = own === 1;
    list[4 * i + 3] = pieces;
  }
  return pieces;
}

function timeOf({ macs, bytes = 0 }: CompiledCall): number {
  return macs === undefined ? bytes / bytesPerMicrosecond : macs / macsPerMicrosecond;
}
