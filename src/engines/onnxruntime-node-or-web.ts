/** Which onnxruntime runs the models on Node: the native one where it loads, else WebAssembly, and never silently. */
import type { Note } from '../base/errors.ts';
import { OctavoError } from '../base/errors.ts';
import type { Engine } from './engine.ts';
import { onnxruntimeNode } from './onnxruntime-node.ts';
import { onnxruntimeWeb } from './onnxruntime-web.ts';

/** `node` is onnxruntime-node, `web` is onnxruntime-web. */
export const engineChoices = ['node', 'web'] as const;
export type EngineChoice = (typeof engineChoices)[number];

export interface ChosenEngine {
  readonly engine: Engine;
  /** `engine-web` where onnxruntime-web stands in for an onnxruntime-node that does not load. */
  readonly notes: readonly Note[];
}

export interface ChooseEngineOptions {
  /** Default: onnxruntime-node, or onnxruntime-web where that does not load. */
  readonly engine?: EngineChoice | undefined;
  /** The most a session may ask for. Default 1. */
  readonly threads?: number | undefined;
}

/** Throws MISSING_DEPENDENCY where the one asked for, or neither, can be loaded. */
export async function chooseEngine({ engine, threads = 1 }: ChooseEngineOptions = {}): Promise<ChosenEngine> {
  if (engine === 'web') return { engine: await onnxruntimeWeb({ threads }), notes: [] };
  try {
    return { engine: await onnxruntimeNode(), notes: [] };
  } catch (cause) {
    if (engine === 'node' || !isMissing(cause)) throw cause;
    return await standIn(threads, cause);
  }
}

async function standIn(threads: number, native: OctavoError): Promise<ChosenEngine> {
  try {
    const engine = await onnxruntimeWeb({ threads });
    return { engine, notes: [standInNote(engine, native)] };
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new OctavoError({
      code: 'MISSING_DEPENDENCY',
      where: 'engine',
      what: 'neither onnxruntime-node nor onnxruntime-web can be loaded, and one of them must run the models',
      remedy:
        'Run: npm install onnxruntime-node (native, the fastest), or npm install onnxruntime-web (WebAssembly, for every platform)',
      cause: native.cause,
    });
  }
}

function standInNote(engine: Engine, { cause }: OctavoError): Note {
  const notInstalled = (cause as { code?: string } | undefined)?.code === 'ERR_MODULE_NOT_FOUND';
  const why = notInstalled
    ? 'is not installed'
    : `cannot be loaded (${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)})`;
  return {
    code: 'engine-web',
    where: 'engine',
    what: `${engine.name} runs the models, as onnxruntime-node ${why}: several times slower, and last bits may differ`,
  };
}

const isMissing = (error: unknown): error is OctavoError =>
  error instanceof OctavoError && error.code === 'MISSING_DEPENDENCY';
