// wabt's opinion of a module: a second implementation of the format, which also checks the types of every function.
import wabt from 'wabt';

const features = { simd: true, relaxed_simd: true, threads: true, bulk_memory: true, reference_types: true };
const tool = await wabt();

/** The same bytes; throws with wabt's message when the module is not valid. */
export async function validated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const module = tool.readWasm(bytes, { readDebugNames: true, ...features });
  try {
    // Its types leave out the argument.
    (module as unknown as { validate(features: object): void }).validate(features);
  } finally {
    module.destroy();
  }
  return bytes;
}
