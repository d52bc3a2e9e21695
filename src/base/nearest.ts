/** Which of the names there are was probably meant. */

/** The `count` names with the fewest edits to `wanted`, letter case aside; ties in code-unit order. */
export function nearest(wanted: string, names: readonly string[], count: number): readonly string[] {
  const target = wanted.toLowerCase();
  return [...new Set(names)]
    .map((name) => ({ name, far: distance(name.toLowerCase(), target) }))
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map((c) => c.name);
}

/** Levenshtein distance, of names cut at 80 characters so that hostile ones cost nothing. */
function distance(a: string, b: string): number {
  const [s, t] = [a.slice(0, 80), b.slice(0, 80)];
  let row = Array.from({ length: t.length + 1 }, (_, i) => i);
  for (let i = 1; i <= s.length; i++) {
    const next = [i];
    for (let j = 1; j <= t.length; j++)
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (s[i - 1] === t[j - 1] ? 0 : 1));
    row = next;
  }
  return row[t.length]!;
}
