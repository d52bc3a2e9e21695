/** The worker: the work runs here, so that the page stays alive, and can be cancelled at any time. */
import { OctavoError, onnxruntimeWeb } from 'octavo';
import * as ort from 'onnxruntime-web/wasm';
import type { Failure, Reply, Request } from './messages.ts';
import { lookAt, quantizeFile } from './quantize-file.ts';

const say = (reply: Reply, transfer: Transferable[] = []): void => self.postMessage(reply, { transfer });

let cancel = new AbortController();

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  try {
    if (data.kind === 'cancel') cancel.abort();
    if (data.kind === 'look') say({ kind: 'model', facts: await lookAt(data.model) });
    if (data.kind === 'quantize') {
      cancel = new AbortController();
      const engine = await onnxruntimeWeb({ ort });
      const { signal } = cancel;
      const onProgress = throttled();
      const { summary, file } = await quantizeFile(data.job, { engine, signal, onProgress }, (stage) =>
        say({ kind: 'stage', stage }),
      );
      say({ kind: 'done', summary, file }, [file.buffer]);
    }
  } catch (error) {
    const cancelled = error instanceof OctavoError && error.code === 'CANCELLED';
    say(cancelled ? { kind: 'cancelled' } : { kind: 'failed', failure: failureOf(error) });
  }
};

/** A small model runs thousands of samples a second: twenty messages are enough to see it move. */
function throttled() {
  let lastMs = 0;
  return (progress: Extract<Reply, { kind: 'progress' }>['progress']): void => {
    const nowMs = performance.now();
    if (progress.done !== progress.total && nowMs - lastMs < 50) return;
    lastMs = nowMs;
    say({ kind: 'progress', progress });
  };
}

function failureOf(error: unknown): Failure {
  if (error instanceof OctavoError) {
    const { where, what, remedy } = error;
    return { where, what, remedy };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { where: 'this page', what: text, remedy: 'Please report it, with the model if you can share it' };
}
