/** What one mutation may take. */
export const limits = {
  ms: 1000,
  extraMb: 256,
  /** Not a verdict: from here on it is taken to hang, and its process is ended. */
  hangMs: 15_000,
  /** Garbage that neighbours in a process may leave: memory is looked at again, alone, from so much below its limit. */
  slackMb: 96,
} as const;
