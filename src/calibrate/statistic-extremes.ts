/**
 * The least and greatest value of each sample, by its index in the data set: what averages over samples are made of.
 * 16 bytes a sample. Sorted when read, so that neither the order of the samples nor their shards can show.
 */

/** Parallel arrays, one entry a sample that had a finite value, by increasing index. Never write to them. */
export interface SampleExtremes {
  readonly length: number;
  readonly index: Float64Array;
  readonly min: Float32Array;
  readonly max: Float32Array;
}

export class ExtremesBySample {
  #index = new Float64Array(16);
  #min = new Float32Array(16);
  #max = new Float32Array(16);
  #used = 0;
  #sorted = true;

  /** Of two entries with one index the wider is kept on either side: parts of a sample, or of what shares its range. */
  add(index: number, min: number, max: number): void {
    if (this.#used === this.#index.length) this.#grow(2 * this.#used);
    if (this.#used > 0 && index <= this.#index[this.#used - 1]!) this.#sorted = false;
    this.#index[this.#used] = index;
    // Adding +0 turns -0 into +0: which of the two came first must not show.
    this.#min[this.#used] = min + 0;
    this.#max[this.#used] = max + 0;
    this.#used++;
  }

  addAll({ length, index, min, max }: SampleExtremes): void {
    for (let i = 0; i < length; i++) this.add(index[i]!, min[i]!, max[i]!);
  }

  /** A view: valid until something is added. */
  read(): SampleExtremes {
    if (!this.#sorted) this.#sort();
    const used = this.#used;
    return {
      length: used,
      index: this.#index.subarray(0, used),
      min: this.#min.subarray(0, used),
      max: this.#max.subarray(0, used),
    };
  }

  #sort(): void {
    const [index, min, max] = [this.#index, this.#min, this.#max];
    const order = Uint32Array.from({ length: this.#used }, (_, i) => i).sort((a, b) => index[a]! - index[b]!);
    this.#used = 0;
    this.#sorted = true;
    this.#grow(index.length);
    for (const from of order) {
      const last = this.#used - 1;
      if (last >= 0 && this.#index[last] === index[from]) {
        this.#min[last] = Math.min(this.#min[last]!, min[from]!);
        this.#max[last] = Math.max(this.#max[last]!, max[from]!);
      } else this.add(index[from]!, min[from]!, max[from]!);
    }
  }

  /** Into new arrays of this length, so that views and the arrays being sorted stay as they are. */
  #grow(length: number): void {
    const used = this.#used;
    const grown = {
      index: new Float64Array(length),
      min: new Float32Array(length),
      max: new Float32Array(length),
    };
    grown.index.set(this.#index.subarray(0, used));
    grown.min.set(this.#min.subarray(0, used));
    grown.max.set(this.#max.subarray(0, used));
    this.#index = grown.index;
    this.#min = grown.min;
    this.#max = grown.max;
  }
}
