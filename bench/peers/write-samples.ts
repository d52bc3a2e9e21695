/** Samples of one float32 input as .npy, one after another, for readers in any language. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Dataset } from '../../src/calibrate/dataset.ts';

/** Returns how many. */
export async function writeSamples(samples: Dataset, path: string): Promise<number> {
  const file = openSync(path, 'w');
  let count = 0;
  let dims: readonly number[] = [];
  try {
    for await (const { inputs } of samples) {
      const [tensor] = Object.values(inputs);
      dims = tensor!.dims.slice(1);
      const bytes = tensor!.bytes();
      writeSync(file, bytes, 0, bytes.length, headerBytes + count++ * bytes.length);
    }
    const shape = `(${[count, ...dims].join(', ')},)`;
    const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
    const header = Buffer.alloc(headerBytes, ' ');
    header.write('\x93NUMPY\x01\x00', 'latin1');
    header.writeUInt16LE(headerBytes - 10, 8);
    header.write(text, 10, 'latin1');
    header.write('\n', headerBytes - 1, 'latin1');
    writeSync(file, header, 0, headerBytes, 0);
  } finally {
    closeSync(file);
  }
  return count;
}

const headerBytes = 128;
