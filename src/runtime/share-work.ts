/**
 * How a program's calls are shared between threads: large ones by grains, small ones not at all, since handing over costs more than
 * they do. Which thread does what never shows in the results.
 */
import type { VariantName } from './choose-module.ts';
import type { CompiledCall } from './manifest.ts';

/** Roughly what a thread does in a microsecond. */
const macsPerMicrosecond = 60_000;
const bytesPerMicrosecond = 8_000;
/** Microseconds below which one thread does it all. */
const smallCall = 4;
/** Microseconds that a grain should last at least, so that taking it costs nothing. */
const smallGrain = 0.5;

/** Units that a product does together in its fastest variant: grains are multiples of it, so that no place stays unused. */
export const tileUnits = 6;

/**
 * Writes into the fourth word of every call how many units are taken together at least, 0 where it is not shared. Says whether any
 * is.
 */
export function shareWork(list: Int32Array, calls: readonly CompiledCall[], variant: VariantName): boolean {
  let any = false;
  for (const [i, call] of calls.entries()) {
    const units = list[4 * i + 2]!;
    const microseconds = timeOf(call);
    // Where it does nothing, there is nothing to share.
    const isIdle = call.onlyIn !== undefined && call.onlyIn !== variant;
    const isShared = !isIdle && units > 1 && microseconds >= smallCall;
    const least = (units * smallGrain) / microseconds;
    list[4 * i + 3] = isShared ? tileUnits * Math.ceil(least / tileUnits) : 0;
    any ||= isShared;
  }
  return any;
}

function timeOf({ macs, bytes = 0 }: CompiledCall): number {
  return macs === undefined ? bytes / bytesPerMicrosecond : macs / macsPerMicrosecond;
}
