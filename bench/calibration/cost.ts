/**
 * What collection costs: all that calibration does from image files to the INT8 model, besides the engine's own runs with the
 * same outputs fetched, measured in turn in one process; and how long it takes when the two overlap.
 */
import { createHash } from 'node:crypto';
import { median } from '../../src/analyse/metrics.ts';
import type { Sample } from '../../src/calibrate/dataset.ts';
import { openSession } from '../../src/calibrate/open-session.ts';
import { tableToJson } from '../../src/calibrate/table/table-json.ts';
import { tapModel } from '../../src/calibrate/tap.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { onnxruntimeNode } from '../../src/engines/onnxruntime-node.ts';
import { requiredInputs } from '../../src/ir/index.ts';
import { calibrate, calibrationTable, prepareModel, quantize } from '../../src/pipeline.ts';
import { calibrationSites } from '../../src/quantize/sites.ts';
import { table } from '../../src/report/table.ts';
import { images, model } from './network.ts';

interface Spent {
  readonly wallMs: number;
  /** Of all threads of the process: what others do on the machine shows less in it. */
  readonly cpuMs: number;
}

async function spent(work: () => Promise<unknown>): Promise<Spent> {
  const [cpu, startMs] = [process.cpuUsage(), performance.now()];
  await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1000 };
}

/** Every image through the network, all watched values fetched, and nothing done with them but, if asked for, freeing them. */
async function runOnly(engine: Engine, samples: readonly Sample[], freed: boolean): Promise<Spent> {
  const { float, layout } = prepareModel(model);
  const inputs = new Set(requiredInputs(float.graph).map((port) => port.name));
  const values = calibrationSites(layout, float.graph)
    .map((site) => site.value)
    .filter((value) => !inputs.has(value));
  const session = await openSession(engine, tapModel(float, values), { threads: 1 });
  const result = await spent(async () => {
    for (const { inputs } of samples) {
      const answers = await session.run(inputs, values);
      if (freed) session.discard?.(answers);
    }
  });
  await session.dispose();
  return result;
}

/** From image files to the INT8 model in memory. */
async function calibrated(engine: Engine, count: number): Promise<Spent & { readonly print: string }> {
  let print = '';
  const result = await spent(async () => {
    const measured = await calibrate(prepareModel(model), await images(count), { engine });
    quantize(measured, { method: 'entropy' });
    print = createHash('sha256')
      .update(tableToJson(calibrationTable(measured)))
      .digest('hex');
  });
  return { ...result, print };
}

export async function measureCost(count: number, rounds: number): Promise<void> {
  const native = await onnxruntimeNode();
  // Without `mostWorkers` it stays on the caller's thread.
  const alone: Engine = { name: native.name, load: native.load };
  const samples: Sample[] = [];
  for await (const sample of await images(count)) samples.push(sample);
  const rows: Record<'run' | 'freed' | 'one' | 'beside', Spent>[] = [];
  const prints = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const run = await runOnly(alone, samples, false);
    const freed = await runOnly(alone, samples, true);
    const one = await calibrated(alone, count);
    const beside = await calibrated(native, count);
    rows.push({ run, freed, one, beside });
    prints.add(one.print).add(beside.print);
    console.error(
      `round ${round}, CPU ms an image: run ${(run.cpuMs / count).toFixed(1)}, calibrated ${(one.cpuMs / count).toFixed(1)}`,
    );
  }
  const seconds = (of: readonly Spent[]): readonly string[] =>
    [
      median(of.map((s) => s.cpuMs)),
      median(of.map((s) => s.wallMs)),
      Math.min(...of.map((s) => s.wallMs)),
      Math.max(...of.map((s) => s.wallMs)),
    ].map((ms) => (ms / 1000).toFixed(1));
  const right = (title: string) => ({ title, align: 'right' as const });
  console.log(
    `${native.name}, MobileNetV2, ${count} images, method entropy; seconds, medians of ${rounds} rounds in turn, one engine thread`,
  );
  console.log(
    table(
      [{ title: '' }, right('CPU'), right('wall'), right('least'), right('most')],
      [
        [
          "the engine's runs alone, outputs left to the garbage collector",
          ...seconds(rows.map((r) => r.run)),
        ],
        ['the same, outputs freed by hand', ...seconds(rows.map((r) => r.freed))],
        ['images to INT8 model, one thread', ...seconds(rows.map((r) => r.one))],
        [`the same, with ${native.mostWorkers} thread beside it`, ...seconds(rows.map((r) => r.beside))],
      ],
    ),
  );
  for (const base of ['run', 'freed'] as const)
    for (const time of ['cpuMs', 'wallMs'] as const) {
      const ratios = rows.map((row) => row.one[time] / row[base][time] - 1);
      console.log(
        `collection / the engine's runs, outputs ${base === 'run' ? 'left' : 'freed'}, ${time === 'cpuMs' ? 'CPU' : 'wall'}: ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      );
    }
  console.log(
    prints.size === 1 ? 'tables are equal to the byte' : `tables DIFFER: ${[...prints].join(', ')}`,
  );
}
