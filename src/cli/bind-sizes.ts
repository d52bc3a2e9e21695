/** --dim for commands that look at files as they are: the INT8 one of two has the sizes already that the float one lacks. */
import type { Model } from '../ir/index.ts';
import { bindableDims, bindDims } from '../passes/bind-dims.ts';
import { runPasses } from '../passes/pass.ts';

/**
 * Each model with the sizes it has names for; the very model where there are none. A name that none of them has is
 * INVALID_ARGUMENT, unless `known` says that it is meant for another model: that of octavo.json.
 */
export function bindSizes(
  models: readonly Model[],
  dims: Readonly<Record<string, number>> | undefined,
  { known }: { readonly known: boolean },
): readonly Model[] {
  if (dims === undefined) return models;
  const names = models.map(bindableDims);
  const strange = Object.entries(dims).filter(([name]) => !names.some((list) => list.includes(name)));
  if (strange.length > 0 && !known) runPasses(models[0]!, [bindDims(Object.fromEntries(strange))]);
  return models.map((model, i) => {
    const own = Object.entries(dims).filter(([name]) => names[i]!.includes(name));
    return own.length === 0 ? model : runPasses(model, [bindDims(Object.fromEntries(own))]);
  });
}
