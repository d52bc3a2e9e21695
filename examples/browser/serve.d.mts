/** Types of serve.mjs, for the test. */
export function serve(
  folder: string,
  options?: { readonly port?: number; readonly isolated?: boolean },
): Promise<{ readonly url: string; readonly close: () => void }>;
