/**
 * Work on this thread ends in microtasks alone, and so would a loop over it: no message, no signal and no click would come
 * through before the last sample. So the event loop gets a turn from time to time.
 */
import type { Session } from './engine.ts';

/** Longest that others are kept waiting, in ms, where a single run does not take longer. */
const patienceMs = 40;

/** All work shares the thread, so also the time of its last turn. */
let lastTurnMs = 0;

/** A turn of the event loop, where one is due. */
export async function giveWay(): Promise<void> {
  if (performance.now() - lastTurnMs <= patienceMs) return;
  // A message, as timers are held back in a page that is not in front.
  const { port1, port2 } = new MessageChannel();
  await new Promise<void>((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(undefined);
  });
  port1.close();
  lastTurnMs = performance.now();
}

/** The session, giving way before each run. */
export function givingWay(session: Session): Session {
  return {
    ...session,
    async run(feeds, fetch) {
      await giveWay();
      return session.run(feeds, fetch);
    },
  };
}
