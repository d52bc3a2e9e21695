/** Gives memory back at once: tens of megabytes an answer keep the garbage collector busier than the network is. */

/** Messages to it are dropped with what they carry. */
let nobody: MessagePort | undefined;

/** They are empty afterwards. What cannot be freed is left to the garbage collector. */
export function freeBuffers(buffers: Iterable<ArrayBufferLike>): void {
  for (const buffer of new Set(buffers)) {
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength === 0) continue;
    try {
      // Node 22 and browsers have a word for it.
      if ('transfer' in buffer) (buffer as { transfer(bytes: number): ArrayBuffer }).transfer(0);
      else intoNothing(buffer);
    } catch {
      // Memory that belongs to WebAssembly, say.
    }
  }
}

function intoNothing(buffer: ArrayBuffer): void {
  if (nobody === undefined) {
    const { port1, port2 } = new MessageChannel();
    port1.close();
    nobody = port2;
  }
  nobody.postMessage(null, [buffer]);
}
