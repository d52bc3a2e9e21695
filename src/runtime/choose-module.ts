/** Which of a model's modules this machine runs, fetched, recognised by its hash and compiled; or handed in ready-made. */
import { messageOf, RuntimeError } from './errors.ts';
import type { ModelFiles } from './files.ts';
import type { CompiledModule, Manifest } from './manifest.ts';
import { asksExact, relaxedIsExact } from './probe.ts';
import { sha256Hex } from './sha256.ts';

export type VariantName = 'relaxed' | 'baseline';

export interface ChosenModule {
  readonly module: WebAssembly.Module;
  readonly variant: VariantName;
  /** For errors. */
  readonly where: string;
}

/** Throws LOAD, FORMAT, and UNSUPPORTED where the variant that is asked for would give wrong numbers here. */
export async function chooseModule(
  files: ModelFiles,
  manifest: Manifest,
  { variant, shared }: { readonly variant: 'auto' | VariantName; readonly shared: boolean },
): Promise<ChosenModule> {
  const { relaxed, baseline, relaxedShared, baselineShared } = manifest.modules;
  if (variant !== 'baseline') {
    const module = await exactModule(files, shared ? relaxedShared : relaxed, manifest);
    if (module !== undefined) return module;
    if (variant === 'relaxed')
      throw new RuntimeError(
        'UNSUPPORTED',
        'variant relaxed',
        'this machine has no exact relaxed dot product',
        "Leave it to 'auto', or take 'baseline'",
      );
  }
  const chosen = shared ? baselineShared : baseline;
  return {
    module: await moduleOf(files, chosen, await files.code(chosen.file)),
    variant: 'baseline',
    where: `${files.where}: ${chosen.file}`,
  };
}

/** The relaxed module, if it may be used. A ready-made one is asked itself: where they are, nothing may be compiled. */
async function exactModule(
  files: ModelFiles,
  chosen: CompiledModule,
  { sharedPages }: Manifest,
): Promise<ChosenModule | undefined> {
  const where = `${files.where}: ${chosen.file}`;
  if (!files.mayBeModules) {
    if (!relaxedIsExact()) return undefined;
    const module = await moduleOf(files, chosen, await files.code(chosen.file));
    return { module, variant: 'relaxed', where };
  }
  let code: Uint8Array<ArrayBuffer> | WebAssembly.Module;
  try {
    code = await files.code(chosen.file);
  } catch (error) {
    // Engines without relaxed SIMD cannot even make it ready.
    if (error instanceof RuntimeError && error.code === 'LOAD') return undefined;
    throw error;
  }
  const isReady = code instanceof WebAssembly.Module;
  if (!(isReady ? answersExact(code as WebAssembly.Module, sharedPages) : relaxedIsExact())) return undefined;
  return { module: await moduleOf(files, chosen, code), variant: 'relaxed', where };
}

function answersExact(module: WebAssembly.Module, sharedPages: number): boolean {
  // It imports a memory that is shared or is not; which one, only trying tells.
  for (const limits of [{ initial: 1 }, { initial: 1, maximum: sharedPages, shared: true }])
    try {
      const memory = new WebAssembly.Memory(limits);
      return asksExact(new WebAssembly.Instance(module, { octavo: { memory } }));
    } catch {}
  return false;
}

async function moduleOf(
  files: ModelFiles,
  { file, sha256 }: CompiledModule,
  code: Uint8Array<ArrayBuffer> | WebAssembly.Module,
): Promise<WebAssembly.Module> {
  if (code instanceof WebAssembly.Module) return code;
  const where = `${files.where}: ${file}`;
  if ((await sha256Hex(code)) !== sha256)
    throw new RuntimeError(
      'FORMAT',
      where,
      'its SHA-256 is not that of the manifest',
      'Copy the folder anew, or compile the model again',
    );
  try {
    return await WebAssembly.compile(code);
  } catch (cause) {
    throw new RuntimeError(
      'UNSUPPORTED',
      where,
      `this engine does not compile it: ${messageOf(cause)}`,
      'It needs WebAssembly SIMD, and wasm-unsafe-eval under a content security policy',
      { cause },
    );
  }
}
