// Where the real models lie, outside the project; a test that needs one is skipped where they are absent.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const models = join(root, '..', 'shared', 'models');

/** File names of the ONNX models; empty where the folder is absent. */
export const sharedModels: readonly string[] = existsSync(models)
  ? readdirSync(models).filter((name) => name.endsWith('.onnx'))
  : [];

export const whySkipped = 'the shared models are not in ../shared/models';

export function sharedModel(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(models, name)));
}

/** The demo model, which every clone has. */
export function exampleModel(): Uint8Array {
  return new Uint8Array(readFileSync(join(root, 'examples', 'fashion-mnist', 'model.onnx')));
}
