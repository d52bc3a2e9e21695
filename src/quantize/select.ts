/** Which nodes the user wants quantized: `--only` and `--exclude` by name, glob, /regex/ or operator. */
import { invalidArgument } from '../base/errors.ts';
import { glob } from '../base/glob.ts';
import { nearest } from '../base/nearest.ts';
import type { Graph, Node } from '../ir/index.ts';

export interface Selection {
  /** When not empty, only nodes that match one of these are quantized. */
  readonly only?: readonly string[];
  readonly exclude?: readonly string[];
}

/** What of the user's selection keeps a node in float, and a sentence that says so. */
export interface Deselected {
  readonly by: 'only' | 'exclude';
  readonly reason: string;
}

/** Whether it is the user's own choice that a reason names. */
export const isDeselection = (reason: string): boolean =>
  /^(excluded by --exclude |not among --only$)/.test(reason);

/** Undefined for a node that may be quantized. */
export type SelectNode = (node: Node) => Deselected | undefined;

type Matcher = (node: Node) => boolean;

/**
 * A pattern is `/regex/` (with flags i, m, s, u; unless a node or value is called just that), an operator (`Conv`), or a name or glob (`*` crosses `/`) of a node or of a value it makes.
 * Throws INVALID_ARGUMENT for a broken regex and for a pattern that matches no node, with the nearest names there are.
 */
export function compileSelection(graph: Graph, selection: Selection): SelectNode {
  const names = new Set(graph.nodes.flatMap(namesOf));
  const compile = (patterns: readonly string[] | undefined, flag: string) =>
    (patterns ?? []).map((pattern) => ({ pattern, matches: matcherOf(pattern, flag, names) }));
  const exclude = compile(selection.exclude, '--exclude');
  const only = compile(selection.only, '--only');
  for (const [flag, patterns] of [
    ['--exclude', exclude],
    ['--only', only],
  ] as const)
    for (const { pattern, matches } of patterns)
      if (!graph.nodes.some(matches)) throw matchesNothing(flag, pattern, graph);
  return (node) => {
    const excludedBy = exclude.find((e) => e.matches(node));
    if (excludedBy !== undefined)
      return { by: 'exclude', reason: `excluded by --exclude ${excludedBy.pattern}` };
    if (only.length > 0 && !only.some((o) => o.matches(node)))
      return { by: 'only', reason: 'not among --only' };
    return undefined;
  };
}

function matcherOf(pattern: string, flag: string, names: ReadonlySet<string>): Matcher {
  const regex = /^\/(.+)\/([imsu]*)$/.exec(pattern);
  if (regex !== null && !names.has(pattern)) {
    try {
      const compiled = new RegExp(regex[1]!, regex[2]);
      return (node) => namesOf(node).some((name) => compiled.test(name));
    } catch (cause) {
      throw invalidArgument(
        `${flag} ${pattern}`,
        `not a regular expression: ${(cause as Error).message}`,
        'Mend the expression between the slashes',
      );
    }
  }
  const matches = glob(pattern);
  return (node) => node.op === pattern || namesOf(node).some((name) => name === pattern || matches(name));
}

function namesOf(node: Node): readonly string[] {
  return [node.name, ...node.outputs];
}

function matchesNothing(flag: string, pattern: string, graph: Graph): Error {
  const wanted = pattern.replace(/[*?/]/g, '');
  const names = graph.nodes.flatMap((n) => [n.name, ...n.outputs]);
  const near = nearest(wanted, names, 3).map((name) => `'${name}'`);
  const operators = [...new Set(graph.nodes.map((n) => n.op))].sort();
  return invalidArgument(
    `${flag} ${pattern}`,
    'the pattern matches no node of the graph as it is after fusion',
    `Nearest names: ${near.join(', ')}. Operators: ${operators.join(', ')}`,
  );
}
