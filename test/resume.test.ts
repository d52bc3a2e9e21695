// Whatever sample a run of calibration stopped behind, it goes on from its last table to the bytes of one that never stopped.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openDataset } from '../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../src/calibrate/split.ts';
import { tableFromJson, tableToJson } from '../src/calibrate/table/table-json.ts';
import { onnxruntimeNode } from '../src/engines/onnxruntime-node.ts';
import { readOnnxFile } from '../src/formats/onnx/files-node.ts';
import { requiredInputs } from '../src/ir/index.ts';
import { calibrate, calibrationTable, prepareModel } from '../src/pipeline.ts';

const example = (name: string): string =>
  join(dirname(dirname(fileURLToPath(import.meta.url))), 'examples/fashion-mnist', name);
const engine = await onnxruntimeNode();
const prepared = prepareModel(readOnnxFile(example('model.onnx')));
const data = await openDataset(example('calib.npz'), requiredInputs(prepared.float.graph), { preset: '0-1' });
const positions = [...Array(7).keys()];

test('from any checkpoint, in any order of what is left, with workers or without', async () => {
  const checkpoints: string[] = [];
  const whole = await calibrate(prepared, onlyOf(data, positions), {
    engine,
    onCounted: (soFar) => checkpoints.push(tableToJson(calibrationTable(soFar))),
  });
  const expected = tableToJson(calibrationTable(whole));
  expect(checkpoints.length).toBe(positions.length);
  expect(checkpoints[checkpoints.length - 1]).toBe(expected);
  for (const [i, text] of checkpoints.entries()) {
    const counted: number[] = [];
    const order = i % 2 === 0 ? positions : [...positions].reverse();
    const resumed = await calibrate(prepared, onlyOf(data, order), {
      engine: i % 3 === 0 ? engine : { ...engine, mostWorkers: 0 },
      resume: tableFromJson(text, `checkpoint ${i}`),
      onCounted: ({ samples }) => counted.push(samples),
    });
    expect(tableToJson(calibrationTable(resumed)), `checkpoint ${i}`).toBe(expected);
    // Nothing is measured twice.
    expect(counted).toEqual(positions.slice(i + 1).map((position) => position + 1));
  }
});
