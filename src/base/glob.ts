/** Globs of names, as shells have them: `*` any characters (slashes too), `?` one, `[a-z]` or `[!a-z]` one of a class, `{a,b}` either, `\` as it is. */

type Step = 'star' | ((char: string) => boolean);

/** Alternatives of one pattern: more are nobody's names. */
const mostAlternatives = 1024;

/** Whether a whole name matches. What is not closed is taken literally; with too many alternatives nothing matches. */
export function glob(pattern: string): (name: string) => boolean {
  const alternatives = alternativesOf(pattern).map((p) => stepsOf([...p]));
  return (name) => {
    const chars = [...name];
    return alternatives.some((steps) => matches(steps, chars));
  };
}

function alternativesOf(pattern: string): readonly string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const braces = bracesIn(next);
    if (braces === undefined) done.push(next);
    else
      for (const part of braces.parts) open.push(next.slice(0, braces.start) + part + next.slice(braces.end));
    if (done.length + open.length > mostAlternatives) return [];
  }
  return done;
}

/** The first braces with a comma of their own; `end` is behind them. */
function bracesIn(
  pattern: string,
): { readonly start: number; readonly end: number; readonly parts: readonly string[] } | undefined {
  const open: { start: number; commas: number[] }[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') i++;
    else if (char === '[') i = classEnd(pattern, i) ?? i;
    else if (char === '{') open.push({ start: i, commas: [] });
    else if (char === ',') open.at(-1)?.commas.push(i);
    else if (char === '}') {
      const braces = open.pop();
      if (braces === undefined || braces.commas.length === 0) continue;
      const bounds = [braces.start, ...braces.commas, i];
      const parts = bounds.slice(1).map((bound, k) => pattern.slice(bounds[k]! + 1, bound));
      return { start: braces.start, end: i + 1, parts };
    }
  }
  return undefined;
}

/** Place of the bracket that closes the class; the first character in it may be one itself. */
function classEnd(chars: string | readonly string[], start: number): number | undefined {
  const first = chars[start + 1] === '!' || chars[start + 1] === '^' ? start + 2 : start + 1;
  const end = chars.indexOf(']', first + 1);
  return end < 0 ? undefined : end;
}

function stepsOf(chars: readonly string[]): readonly Step[] {
  const steps: Step[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    const end = char === '[' ? classEnd(chars, i) : undefined;
    if (end !== undefined) {
      steps.push(classOf(chars.slice(i + 1, end)));
      i = end;
    } else if (char === '*') {
      if (steps.at(-1) !== 'star') steps.push('star');
    } else if (char === '?') steps.push(() => true);
    else {
      const literal = char === '\\' && i + 1 < chars.length ? chars[++i]! : char;
      steps.push((c) => c === literal);
    }
  }
  return steps;
}

function classOf(inside: readonly string[]): Step {
  const negated = inside[0] === '!' || inside[0] === '^';
  const rest = negated ? inside.slice(1) : inside;
  const ranges: (readonly [string, string])[] = [];
  for (let i = 0; i < rest.length; i++) {
    const isRange = rest[i + 1] === '-' && i + 2 < rest.length;
    ranges.push([rest[i]!, rest[isRange ? i + 2 : i]!]);
    if (isRange) i += 2;
  }
  return (char) => ranges.some(([low, high]) => char >= low && char <= high) !== negated;
}

/** Only the last star is ever taken back, so that the time is bounded by the product of both lengths. */
function matches(steps: readonly Step[], chars: readonly string[]): boolean {
  let [s, c] = [0, 0];
  let star: { readonly step: number; readonly char: number } | undefined;
  while (c < chars.length) {
    const step = steps[s];
    if (step === 'star') star = { step: s++, char: c };
    else if (step?.(chars[c]!)) {
      s++;
      c++;
    } else if (star !== undefined) {
      c = star.char + 1;
      s = star.step + 1;
      star = { step: star.step, char: c };
    } else return false;
  }
  return steps.slice(s).every((step) => step === 'star');
}
