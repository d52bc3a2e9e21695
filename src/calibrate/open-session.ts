/** Hands a model to an engine in the form its size allows. */
import type { Engine, Session, SessionOptions } from '../engines/engine.ts';
import { onnxByteLength, writeOnnx, writeOnnxTo } from '../formats/onnx/index.ts';
import type { Model } from '../ir/index.ts';

/** Beyond this a model goes through a temporary file, its weights one at a time: a buffer of it would cost its size again. */
const largestBufferBytes = 512 * 2 ** 20;

/** Whether it goes through a file: another session of it costs its size again, in time and in memory. */
export function isLarge(model: Model): boolean {
  return onnxByteLength(model, { outside: 'embed' }) > largestBufferBytes;
}

/** Weights from other files come along. Throws ENGINE, and what writing the model throws. */
export function openSession(engine: Engine, model: Model, options: SessionOptions = {}): Promise<Session> {
  if (!isLarge(model)) return engine.load(writeOnnx(model, { outside: 'embed' }), options);
  return engine.load(
    {
      writeTo: (graph, weights, location) =>
        writeOnnxTo(model, graph, { externalData: { location, sink: weights }, outside: 'embed' }),
    },
    options,
  );
}
