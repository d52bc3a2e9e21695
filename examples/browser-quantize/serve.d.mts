/** Types of serve.mjs, for the test. */
export function serve(
  folder: string,
  port?: number,
): Promise<{ readonly url: string; readonly close: () => void }>;
