/** Peak memory of calibrating at 100 and at 1,000 images, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../../src/analyse/metrics.ts';
import { onnxruntimeNode } from '../../src/engines/onnxruntime-node.ts';
import { calibrate, prepareModel, quantize } from '../../src/pipeline.ts';
import { table } from '../../src/report/table.ts';
import { images, model } from './network.ts';

interface Used {
  readonly images: number;
  readonly peakBytes: number;
  readonly seconds: number;
}

/** In a child: calibrates, and says what it took. */
export async function calibrateOnce(count: number): Promise<void> {
  const startMs = performance.now();
  const calibration = await calibrate(prepareModel(model), await images(count), {
    engine: await onnxruntimeNode(),
  });
  quantize(calibration, { method: 'entropy' });
  const seconds = (performance.now() - startMs) / 1000;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ images: count, peakBytes, seconds } satisfies Used));
}

function inChild(count: number): Used {
  // The bundle of main.ts, which this is part of.
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--images', String(count)], {
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(child.stderr);
  console.error(child.stdout.trim());
  return JSON.parse(child.stdout) as Used;
}

export function measureMemory(rounds: number): void {
  const rows: Used[] = [];
  for (let round = 0; round < rounds; round++) rows.push(inChild(100), inChild(1000));
  const right = (title: string) => ({ title, align: 'right' as const });
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const of = (count: number): readonly number[] =>
    rows.filter((r) => r.images === count).map((r) => r.peakBytes);
  const line = (count: number): readonly string[] => [
    `${count}`,
    megabytes(median(of(count))),
    `${megabytes(Math.min(...of(count)))} to ${megabytes(Math.max(...of(count)))}`,
    median(rows.filter((r) => r.images === count).map((r) => r.seconds)).toFixed(1),
  ];
  console.log(
    table(
      [right('images'), right('peak memory, MB'), right('from to'), right('seconds')],
      [line(100), line(1000)],
    ),
  );
  console.log(
    `peak at 1,000 images / peak at 100: ${(median(of(1000)) / median(of(100))).toFixed(3)} (medians of ${rounds} processes each)`,
  );
}
