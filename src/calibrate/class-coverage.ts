/** Whether labelled samples show the classes a model tells apart: what is never shown may need ranges that nobody measures. */
import type { Note } from '../base/errors.ts';

/** From so many samples a class on average, each class should be there; below, chance leaves some out. */
const enoughPerClass = 10;
/** Below this share of the classes that an even draw would show, the samples are not one. */
const leastShare = 0.7;
/** From so many on average, a class with less than this share of an even one is hardly there. */
const scarceShare = 0.2;
const enoughForShares = 20;
/** Fewer samples are noted as few, and say nothing of classes. */
const fewestLabelled = 32;
const mostListed = 5;

/** Labels as they stream by. */
export class ClassCounts {
  readonly #counts = new Map<number, number>();
  #labelled = 0;

  see(label: number | undefined): void {
    if (label === undefined) return;
    this.#labelled++;
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1);
  }

  /** `classes`: how many the model tells apart. Codes `classes-missing` and `classes-uneven`, one at most. */
  notes(classes: number): readonly Note[] {
    const count = this.#labelled;
    if (count < fewestLabelled || classes < 2) return [];
    const isLabel = (label: number): boolean => Number.isInteger(label) && label >= 0 && label < classes;
    // Labels of other classes have a note of their own.
    if (![...this.#counts.keys()].every(isLabel)) return [];
    const missing = classes - this.#counts.size;
    const even = count / classes;
    const expected = evenDraw(count, classes);
    if (missing > 0 && (even >= enoughPerClass || this.#counts.size < leastShare * expected))
      return [this.#missingNote(classes, missing)];
    const [largest, most] = [...this.#counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    const scarce = [...this.#counts.keys()].filter(
      (label) => even >= enoughForShares && this.#counts.get(label)! < scarceShare * even,
    );
    if (scarce.length === 0 && (classes < 3 || most <= count / 2)) return [];
    const few =
      scarce.length === 0
        ? ''
        : `, ${plural(scarce.length, 'class')} (${listed(scarce)}) less than a fifth of an even share`;
    return [
      {
        code: 'classes-uneven',
        where: 'calibration data',
        what: `${most} of ${count} samples are of class ${largest}${few}: ranges follow what is shown, so show classes as often as they will come`,
      },
    ];
  }

  #missingNote(classes: number, missing: number): Note {
    const none = Array.from({ length: classes }, (_, label) => label).filter(
      (label) => !this.#counts.has(label),
    );
    const [label] = this.#counts.keys();
    const shown =
      this.#counts.size === 1
        ? `all ${this.#labelled} samples are of class ${label}`
        : `no sample is of ${plural(missing, 'class')} (${listed(none)})`;
    return {
      code: 'classes-missing',
      where: 'calibration data',
      what: `${shown}, and the model tells ${classes} apart: what only the others make it compute is not measured, so take samples of every class`,
    };
  }
}

/** Classes that `count` samples show in the mean, where each class is as likely. */
function evenDraw(count: number, classes: number): number {
  let unseen = classes;
  for (let i = 0; i < count && unseen > 0.001; i++) unseen *= 1 - 1 / classes;
  return classes - unseen;
}

function plural(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}es`}`;
}

function listed(labels: readonly number[]): string {
  const some = [...labels].sort((a, b) => a - b).slice(0, mostListed);
  return `${some.join(', ')}${labels.length > mostListed ? ', ...' : ''}`;
}
