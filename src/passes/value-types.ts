/** Types of values while a pass edits: inferred once, when first asked, from the model the pass was given. */
import type { Draft, Model, Shape, ValueType } from '../ir/index.ts';
import { shapeOf } from '../ir/index.ts';
import { inferTypes } from '../ops/infer-types.ts';

export interface ValueTypes {
  type(name: string): ValueType | undefined;
  shape(name: string): Shape | undefined;
  rank(name: string): number | undefined;
}

/** Values keep their names and so their types through an edit; those made by it are looked up in the draft. */
export function valueTypes(model: Model, draft: Draft): ValueTypes {
  let inferred: { get(name: string): ValueType | undefined } | undefined;
  const type = (name: string): ValueType | undefined => {
    inferred ??= inferTypes(model);
    return inferred.get(name) ?? draft.type(name);
  };
  return {
    type,
    shape: (name) => shapeOf(type(name)),
    rank: (name) => shapeOf(type(name))?.length,
  };
}
