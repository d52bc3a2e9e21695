/** What is calibrated here: MobileNetV2 on the 550 photos beside the project, again and again where more are asked for. */
import type { Dataset, Sample } from '../../src/calibrate/dataset.ts';
import { openDataset } from '../../src/calibrate/readers/open-dataset.ts';
import { readOnnxFile } from '../../src/formats/onnx/files-node.ts';
import { requiredInputs } from '../../src/ir/index.ts';
import { modelPath, sharedFolder } from '../../test/support/shared-models.ts';

export const model = readOnnxFile(modelPath('mobilenet_v2_1.0_224.onnx'));

export async function images(count: number): Promise<Dataset> {
  const data = await openDataset(`${sharedFolder}/data/imagenet-flickr`, requiredInputs(model.graph), {
    preset: 'imagenet-tf',
  });
  return {
    size: count,
    async *[Symbol.asyncIterator](): AsyncGenerator<Sample> {
      for (let index = 0; index < count; )
        for await (const sample of data) {
          if (index === count) return;
          yield { ...sample, index: index++ };
        }
    },
  };
}
