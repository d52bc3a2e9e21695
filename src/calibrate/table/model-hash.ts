/** Which model a table was measured on. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { writeOnnxTo } from '../../formats/onnx/index.ts';
import type { Model } from '../../ir/index.ts';

/**
 * SHA-256 of the model as one ONNX file, in hex: of an unedited model with its weights inside that of its very file
 * (`sha256sum model.onnx`). Weights elsewhere are read, a piece at a time.
 */
export function modelHash(model: Model): string {
  const known = hashes.get(model);
  if (known !== undefined) return known;
  const hash = sha256.create();
  writeOnnxTo(model, { write: (bytes) => void hash.update(bytes) }, { outside: 'embed' });
  const hex = bytesToHex(hash.digest());
  hashes.set(model, hex);
  return hex;
}

/** Models do not change, and a large one takes seconds. */
const hashes = new WeakMap<Model, string>();
