/** A pass is a value: a name, why it exists, and a model in, a model out. */
import { withParts } from '../ir/graph.ts';
import type { Model } from '../ir/index.ts';
import { Draft, verify } from '../ir/index.ts';

export interface Pass {
  /** Kebab-case after the file. */
  readonly name: string;
  readonly why: string;
  /** Returns the very same object when it has nothing to do. */
  readonly run: (model: Model) => Model;
}

/** A pass that edits the graph through a draft. */
export function graphPass(name: string, why: string, edit: (draft: Draft, model: Model) => void): Pass {
  return {
    name,
    why,
    run(model) {
      const draft = new Draft(model.graph);
      edit(draft, model);
      const graph = draft.finish();
      return graph === model.graph ? model : withParts(model, { graph });
    },
  };
}

/** Runs passes in order and verifies after each, so that a broken graph names its maker. */
export function runPasses(model: Model, passes: readonly Pass[]): Model {
  let current = model;
  for (const pass of passes) {
    const next = pass.run(current);
    if (next !== current) verify(next.graph, `pass ${pass.name}`);
    current = next;
  }
  return current;
}
