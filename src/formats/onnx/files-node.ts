/** ONNX files on a disk: weights stay there until looked at; writing is all or nothing. */
import { basename, dirname, join } from 'node:path';
import type { Model } from '../../ir/index.ts';
import { FileSink, followed } from './file-sink-node.ts';
import { externalDataBeside, fileSource } from './file-source-node.ts';
import { readOnnx } from './read-model.ts';
import { hasOutsideData, onnxByteLength, protobufLimitBytes, writeOnnxTo } from './write-model.ts';

/**
 * Reads an ONNX file and, when its tensors are looked at, the external data beside it. Files over 64 MB stay on the
 * disk and must not be changed in place while the model is in use; replacing them by renaming is fine.
 * Throws FormatError and INVALID_GRAPH as `readOnnx` does, IO when a file cannot be read.
 */
export function readOnnxFile(path: string): Model {
  return readOnnx(fileSource(path), { name: path, externalData: externalDataBeside(path) });
}

export interface WriteOnnxFileOptions {
  /**
   * Whether large initializers go to `<file name>.data` beside the model. 'auto' (default): when the model came with
   * external data, or is over 2 GB without.
   */
  readonly externalData?: 'auto' | boolean;
}

/**
 * Writes the model, and its data file where it has one. Each is written beside its place, flushed and renamed, so a
 * failure leaves what was there; the path may be the very file the model is read from. Throws IO, and what `writeOnnx` throws.
 */
export function writeOnnxFile(model: Model, path: string, options: WriteOnnxFileOptions = {}): void {
  const target = followed(path);
  const choice = options.externalData ?? 'auto';
  const isExternal =
    choice === 'auto' ? hasOutsideData(model) || onnxByteLength(model) > protobufLimitBytes : choice;
  const files: FileSink[] = [];
  try {
    const file = new FileSink(target);
    files.push(file);
    if (isExternal) {
      const location = `${basename(target)}.data`;
      const data = new FileSink(join(dirname(target), location));
      files.unshift(data); // its data is in place before the model that needs it
      writeOnnxTo(model, file, { externalData: { location, sink: data } });
    } else writeOnnxTo(model, file, { outside: 'embed' });
    for (const pending of files) pending.close();
    for (const pending of files) pending.publish();
  } finally {
    for (const pending of files) pending.discard();
  }
}
