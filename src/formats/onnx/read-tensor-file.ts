/** A TensorProto that is a file of its own, as ONNX's test data has them (`input_0.pb`). */
import type { ByteSource } from '../../base/bytes.ts';
import { bufferSource } from '../../base/bytes.ts';
import { FormatError } from '../../base/errors.ts';
import type { Tensor } from '../../ir/index.ts';
import type { NamedTensor } from './read-tensor.ts';
import { readTensor } from './read-tensor.ts';
import { EnoughProblems, Reading } from './reading.ts';

const remedy = 'Save it again with onnx.save_tensor(onnx.numpy_helper.from_array(x, name), path)';

/**
 * The tensor and the name it carries ('' for none). `name` is the file's, for messages. Throws FormatError with every
 * problem found.
 */
export function readOnnxTensor(
  input: Uint8Array | ByteSource,
  name: string,
): { readonly name: string; readonly tensor: Tensor } {
  const source = input instanceof Uint8Array ? bufferSource(input) : input;
  const reading = new Reading(source, undefined, undefined);
  let found: NamedTensor | undefined;
  try {
    // The whole file is the payload of a field nobody wrote a tag for.
    const whole = { number: 0, wire: 2, start: 0, offset: 0, length: source.size, low: 0, high: 0 } as const;
    found = readTensor(reading, whole);
    if (reading.externalTensors > 0) reading.problem(0, 'its data lie in another file');
  } catch (error) {
    if (!(error instanceof EnoughProblems)) throw error;
  }
  const { problems } = reading;
  if (found?.tensor === undefined || problems.length > 0) throw new FormatError(name, problems, remedy);
  return { name: found.name, tensor: found.tensor };
}
