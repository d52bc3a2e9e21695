/** The `octavo` command: reads arguments, calls the pipeline, prints. */
export {};
