// Networks of other kinds than the shared models, compiled: the interpreter's bits, run after run on other inputs in between.
import { expect, test } from 'vitest';
import { oddNetworks } from '../../test/support/odd-networks.ts';
import { engine } from '../../test/support/one-node.ts';
import { lcg } from '../base/random.ts';
import { indexedDataset } from '../calibrate/indexed-dataset.ts';
import { interpret } from '../engines/interpreter/interpret.ts';
import { requiredInputs, shapeOf, Tensor } from '../ir/index.ts';
import { absorbQdq } from '../passes/absorb-qdq.ts';
import { calibrate, prepareModel, quantize } from '../pipeline.ts';
import { load } from '../runtime/index.ts';
import { compileModel } from './compile.ts';

test.each(oddNetworks)('$name', async ({ make }) => {
  const float = make();
  const dims = shapeOf(requiredInputs(float.graph)[0]!.type) as readonly number[];
  const random = lcg(3);
  const count = dims.reduce((n, d) => n * d, 1);
  const samples = Array.from({ length: 3 }, () =>
    Tensor.of(
      'float32',
      dims,
      Float32Array.from({ length: count }, () => 4 * random() - 2),
    ),
  );
  const data = indexedDataset({
    size: samples.length,
    load: (index) => ({ index, name: `sample ${index}`, inputs: { input: samples[index]! } }),
  });
  const int8 = quantize(await calibrate(prepareModel(float, { target: 'octavo' }), data, { engine }));
  const network = await load(compileModel(int8.model).files, { variant: 'baseline' });
  // The last again: nothing of a run may be left for the next.
  for (const input of [...samples, samples[0]!]) {
    const got = await network.run({ input: input.data('float32') });
    const wanted = interpret(absorbQdq.run(int8.model), { input });
    for (const [name, { dims: shape, data: values }] of Object.entries(got)) {
      const expected = wanted[name]!;
      expect([name, shape]).toEqual([name, expected.dims]);
      const numbers = expected.toNumbers();
      const wrong = Array.from(values as Float32Array, Number).findIndex((v, i) => !Object.is(v, numbers[i]));
      expect(wrong).toBe(-1);
    }
  }
});
