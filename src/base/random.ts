/** Seeded random numbers for tests and searches: the same on every engine. */

/** The LCG of Numerical Recipes, s <- (1664525 s + 1013904223) mod 2^32; returns u in (0, 1) as (s + 0.5) / 2^32. */
export function lcg(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s + 0.5) / 4294967296;
  };
}
