// NumPy's archives, as a user would have them, out of float32 tensors.
import { strToU8, zipSync } from 'fflate';
import type { Tensor } from '../../src/ir/index.ts';

/** Samples of one shape, one after another along the first axis. */
export function npzOf(arrays: Readonly<Record<string, readonly Tensor[]>>): Uint8Array {
  return zipSync(
    Object.fromEntries(
      Object.entries(arrays).map(([name, samples]) => [`${name}.npy`, [npy(samples), { level: 0 }]]),
    ),
  );
}

function npy(samples: readonly Tensor[]): Uint8Array {
  const shape = [samples.length, ...samples[0]!.dims.slice(1)];
  const header = strToU8(
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
      .padEnd(117, ' ')
      .concat('\n'),
  );
  const parts = samples.map((t) => {
    const { buffer, byteOffset, byteLength } = t.data('float32');
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
  const start = Uint8Array.of(
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    header.length & 255,
    header.length >> 8,
  );
  return Buffer.concat([start, header, ...parts]);
}
