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

/** By variant: every output's bytes in base64, or why the variant does not run here. Inputs are float32. */
export async function answers({ files, feeds }: Job) {
  const given = new Map(files.map(([name, text]) => [name, bytesOf(text)]));
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, text]) => [name, new Float32Array(bytesOf(text).buffer)]),
  );
  const all: Record<string, Record<string, string> | string> = {};
  for (const variant of ['baseline', 'relaxed'] as const)
    try {
      const network = await load(given, { variant });
      const outputs = await network.run(inputs);
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
