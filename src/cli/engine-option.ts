/** `--engine`: who runs the models, for every command that runs some; a stand-in is said on stderr and in the report. */
import { referenceEngine } from '../engines/interpreter/reference-engine.ts';
import type { ChosenEngine } from '../engines/onnxruntime-node-or-web.ts';
import { chooseEngine, engineChoices } from '../engines/onnxruntime-node-or-web.ts';
import type { OptionSpec, RawOptions } from './command-spec.ts';
import { choiceOf } from './option-values.ts';

export const engineOption: OptionSpec = {
  flags: '--engine <name>',
  text: 'What runs the models: node (onnxruntime-node, the default), web (onnxruntime-web, the stand-in where it is missing) or reference (Octavo itself, exact and slow)',
};

const choices = [...engineChoices, 'reference'] as const;

/** Throws INVALID_ARGUMENT for another name. */
export function engineChoiceOf(raw: RawOptions): (typeof choices)[number] | undefined {
  return choiceOf(raw.engine, '--engine', choices);
}

/** Throws MISSING_DEPENDENCY where it cannot be loaded. */
export async function openEngine(raw: RawOptions, threads = 1): Promise<ChosenEngine> {
  const choice = engineChoiceOf(raw);
  if (choice === 'reference') return { engine: referenceEngine(), notes: [] };
  const chosen = await chooseEngine({ engine: choice, threads });
  if (raw.quiet !== true) for (const { what } of chosen.notes) process.stderr.write(`engine: ${what}\n`);
  return chosen;
}
