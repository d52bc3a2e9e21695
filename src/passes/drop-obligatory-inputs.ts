/**
 * Before IR version 4 every initializer had to be a graph input too, whether or not anybody was meant to override it.
 * Such a file's weights are constants; from version 4 on an initializer that is an input is a default, and stays one.
 */
import { withParts } from '../ir/graph.ts';
import { Draft } from '../ir/index.ts';
import type { Pass } from './pass.ts';

/** The lowest IR version in which initializers need not be inputs. */
const irVersionOfFreeInitializers = 4;

export const dropObligatoryInputs: Pass = {
  name: 'drop-obligatory-inputs',
  why: 'the weights of files older than IR version 4 are constants, not inputs',
  run(model) {
    if (model.irVersion >= irVersionOfFreeInitializers) return model;
    const draft = new Draft(model.graph);
    draft.setInputs(draft.inputs.filter((p) => !model.graph.initializers.has(p.name)));
    return withParts(model, { graph: draft.finish(), irVersion: irVersionOfFreeInitializers });
  },
};
