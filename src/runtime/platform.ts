/** Node's own modules without an import that a bundler for browsers would follow; Deno and Bun have them as well. */

interface Builtins {
  readonly 'node:fs/promises': {
    readFile(path: string | URL, options: { readonly signal: AbortSignal | undefined }): Promise<Uint8Array>;
  };
  readonly 'node:worker_threads': {
    readonly Worker: new (
      url: URL,
      options: { readonly execArgv: readonly string[] },
    ) => {
      postMessage(message: unknown): void;
      on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): void;
      unref(): void;
      terminate(): Promise<number>;
    };
  };
}

/** Undefined in browsers, and in Node before 20.16. */
export function builtin<K extends keyof Builtins>(name: K): Builtins[K] | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
  return process?.getBuiltinModule?.(name) as Builtins[K] | undefined;
}
