/** Types of build.mjs, for the test. */
export function buildExample(outdir?: string): Promise<string>;
