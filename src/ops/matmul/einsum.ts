/** An Einsum equation: its output shape, and what each axis is called. */
import type { Dim, Node, Shape } from '../../ir/index.ts';
import { broadcastShapes } from '../broadcast.ts';
import { mergeDim } from '../dims.ts';
import { impossible } from '../infer-readers.ts';

interface Term {
  /** Letters before and after the ellipsis; all before where there is none. */
  readonly head: string;
  readonly tail: string;
  readonly ellipsis: boolean;
}

function termOf(node: Node, text: string): Term {
  const parts = text.split('...');
  if (parts.length > 2 || !/^[A-Za-z]*$/.test(parts.join('')))
    throw impossible(node, `the einsum term '${text}' is not letters and one ellipsis`);
  return { head: parts[0]!, tail: parts[1] ?? '', ellipsis: parts.length === 2 };
}

/** Undefined when an input's rank is not known. Without `->` the output has the letters that occur once, sorted. */
export function einsumShape(
  node: Node,
  equation: string,
  inputs: readonly (Shape | undefined)[],
): Shape | undefined {
  const [left = '', right] = equation.replace(/\s/g, '').split('->');
  const terms = left.split(',').map((text) => termOf(node, text));
  if (terms.length !== inputs.length)
    throw impossible(node, `the equation '${equation}' is not for ${inputs.length} inputs`);
  const sizes = new Map<string, Dim>();
  const uses = new Map<string, number>();
  const ellipses: Shape[] = [];
  for (const [i, term] of terms.entries()) {
    const shape = inputs[i];
    if (shape === undefined) return undefined;
    const letters = term.head + term.tail;
    const spare = shape.length - letters.length;
    if (term.ellipsis ? spare < 0 : spare !== 0)
      throw impossible(node, `the term ${i} of '${equation}' does not fit [${shape.join(',')}]`);
    ellipses.push(shape.slice(term.head.length, term.head.length + spare));
    for (const [at, letter] of [...letters].entries()) {
      const size = shape[at < term.head.length ? at : at + spare]!;
      const merged = mergeSize(sizes.get(letter), size);
      if (merged === undefined) throw impossible(node, `'${letter}' has two sizes in '${equation}'`);
      sizes.set(letter, merged);
      uses.set(letter, (uses.get(letter) ?? 0) + 1);
    }
  }
  const middle = broadcastShapes(node, ellipses);
  const once = [...uses].filter(([, n]) => n === 1).map(([letter]) => letter);
  const result = termOf(node, right ?? `...${once.sort().join('')}`);
  const dims = (letters: string): Dim[] => [...letters].map((letter) => sizes.get(letter) ?? null);
  return middle && [...dims(result.head), ...(result.ellipsis ? middle : []), ...dims(result.tail)];
}

/** A size of 1 broadcasts, as numpy's einsum lets it. */
function mergeSize(known: Dim | undefined, size: Dim): Dim | undefined {
  if (known === undefined || known === 1) return size;
  return size === 1 ? known : mergeDim(known, size);
}

/** A label for each axis: a letter, or for those an ellipsis stands for a number from the right. Of sizes that fit the equation. */
export function einsumTerms(
  node: Node,
  equation: string,
  shapes: readonly (readonly number[])[],
): { readonly inputs: readonly (readonly string[])[]; readonly output: readonly string[] } {
  const [left = '', right] = equation.replace(/\s/g, '').split('->');
  const terms = left.split(',').map((text) => termOf(node, text));
  const spares = terms.map(({ head, tail }, i) => shapes[i]!.length - head.length - tail.length);
  const spelled = ({ head, tail, ellipsis }: Term, spare: number): string[] => {
    const middle = Array.from({ length: ellipsis ? spare : 0 }, (_, i) => String(spare - i));
    return [...head, ...middle, ...tail];
  };
  const inputs = terms.map((term, i) => spelled(term, spares[i]!));
  const widest = Math.max(0, ...spares.filter((_, i) => terms[i]!.ellipsis));
  const letters = inputs.flat().filter((label) => /[A-Za-z]/.test(label));
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
  const result = termOf(node, right ?? `...${once.sort().join('')}`);
  return { inputs, output: spelled(result, widest) };
}
