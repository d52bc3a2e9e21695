// Runs in other engines (another Node, a page): a compiled network's outputs in every variant the engine has.
import { load, RuntimeError } from '../../src/runtime/index.ts';

interface Job {
  readonly files: readonly (readonly [name: string, base64: string])[];
  readonly feeds: Readonly<Record<string, string>>;
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

const arrays = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array };

/** By variant: every output's bytes in base64, or why the variant does not run here. Inputs are float32 or codes. */
export async function answers({ files, feeds }: Job) {
  const given = new Map(files.map(([name, text]) => [name, bytesOf(text)]));
  const all: Record<string, Record<string, string> | string> = {};
  for (const variant of ['baseline', 'relaxed'] as const)
    try {
      const network = await load(given, { variant });
      const inputs = network.inputMetadata.map(({ name, type }) => [
        name,
        new arrays[type as keyof typeof arrays](bytesOf(feeds[name]!).buffer),
      ]);
      const outputs = await network.run(Object.fromEntries(inputs));
      all[variant] = Object.fromEntries(
        Object.entries(outputs).map(([name, { data }]) => [
          name,
          base64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
        ]),
      );
      network.dispose();
    } catch (error) {
      if (!(error instanceof RuntimeError && error.code === 'UNSUPPORTED')) throw error;
      all[variant] = error.message;
    }
  return all;
}
