/** What the command's exit status says; docs/cli.md lists them. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** The model was written, and misses the gate. */
  gateMissed: 3,
  /** Ctrl-C, as shells report it. */
  cancelled: 130,
} as const;
