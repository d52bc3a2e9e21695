/**
 * Peak memory of calibrating MobileNetV2 at 100 and at 1,000 images (the 550 real ones, repeated), each in a process
 * of its own. Run: npm run bench -- bench/calibration-memory.ts
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Dataset, Sample } from '../src/calibrate/dataset.ts';
import { openDataset } from '../src/calibrate/readers/open-dataset.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { requiredInputs } from '../src/ir/index.ts';
import { calibrate, prepareModel, quantize } from '../src/pipeline.ts';
import { table } from '../src/report/table.ts';
import { hasShared, modelPath, sharedFolder, sharedMissing } from '../test/support/shared-models.ts';

const { values } = parseArgs({ options: { images: { type: 'string' } } });

/** The samples again and again until there are `count`. */
function repeated(data: Dataset, count: number): Dataset {
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

async function calibrateOnce(images: number): Promise<void> {
  const model = readOnnxFile(modelPath('mobilenet_v2_1.0_224.onnx'));
  const data = await openDataset(`${sharedFolder}/data/imagenet-flickr`, requiredInputs(model.graph), {
    preset: 'imagenet-tf',
  });
  const startMs = performance.now();
  const calibration = await calibrate(prepareModel(model), repeated(data, images), {
    engine: await onnxruntimeNode(),
  });
  quantize(calibration);
  const seconds = (performance.now() - startMs) / 1000;
  console.log(JSON.stringify({ images, peakBytes: process.resourceUsage().maxRSS * 1024, seconds }));
}

if (!hasShared) console.log(`nothing measured: ${sharedMissing}`);
else if (values.images !== undefined) await calibrateOnce(Number(values.images));
else {
  const rows: { images: number; peakBytes: number; seconds: number }[] = [];
  for (const images of [100, 1000, 100, 1000, 100, 1000]) {
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--images', String(images)], {
      encoding: 'utf8',
    });
    if (child.status !== 0) throw new Error(child.stderr);
    rows.push(JSON.parse(child.stdout));
    console.error(child.stdout.trim());
  }
  const median = (images: number, of: 'peakBytes' | 'seconds') =>
    rows
      .filter((r) => r.images === images)
      .map((r) => r[of])
      .sort((a, b) => a - b)[1]!;
  const right = (title: string) => ({ title, align: 'right' as const });
  const line = (images: number) => [
    `${images}`,
    `${(median(images, 'peakBytes') / 2 ** 20).toFixed(0)} MB`,
    `${median(images, 'seconds').toFixed(1)} s`,
  ];
  console.log(
    "MobileNetV2, calibration with every method's statistic, one thread; medians of three processes each",
  );
  console.log(table([right('images'), right('peak memory'), right('time')], [line(100), line(1000)]));
  console.log(
    `peak at 1,000 images / peak at 100: ${(median(1000, 'peakBytes') / median(100, 'peakBytes')).toFixed(3)}`,
  );
}
