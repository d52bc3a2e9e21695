// The folder a reader of the documentation is imagined in: a model of colour images, arrays and photos to feed it.
// Made of examples/fashion-mnist, whose model takes grey images and ends without Softmax.
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strToU8, zipSync } from 'fflate';
import sharp from 'sharp';
import type { Sample } from '../../src/calibrate/dataset.ts';
import { openDataset } from '../../src/calibrate/readers/open-dataset.ts';
import { onlyOf } from '../../src/calibrate/split.ts';
import { readOnnxFile, writeOnnxFile } from '../../src/formats/onnx/files-node.ts';
import type { Model } from '../../src/ir/index.ts';
import {
  attr,
  attributes,
  Draft,
  requiredInputs,
  Tensor,
  tensorType,
  withParts,
} from '../../src/ir/index.ts';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);

const [side, plane] = [28, 28 * 28];
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const luma = [0.299, 0.587, 0.114];

interface Picture {
  readonly pixels: Uint8Array;
  readonly label: number;
}

/** Makes a new folder inside the repository (so that `octavo` is found by its own name) and returns its path. */
export async function makeWorkspace(): Promise<string> {
  mkdirSync(join(root, '.octavo'), { recursive: true });
  const folder = mkdtempSync(join(root, '.octavo/docs-'));
  writeOnnxFile(colourModel(readOnnxFile(example('model.onnx'))), join(folder, 'model.onnx'));
  writeFileSync(join(folder, 'calib.npz'), npz(await pictures('calib.npz', 128)));
  const shown = await pictures('test.npz', 400);
  writeFileSync(join(folder, 'test.npz'), npz(shown));
  for (const [i, { pixels, label }] of shown.slice(0, 240).entries()) {
    const image = sharp(pixels, { raw: { width: side, height: side, channels: 1 } }).toColourspace('srgb');
    const file = `${label}/${String(i).padStart(3, '0')}.png`;
    for (const name of ['images', 'photos']) {
      mkdirSync(join(folder, name, `${label}`), { recursive: true });
      await image
        .clone()
        .png()
        .toFile(join(folder, name, file));
    }
  }
  cpSync(join(root, 'examples/fashion-mnist'), join(folder, 'examples/fashion-mnist'), { recursive: true });
  return folder;
}

/** The example behind a 1x1 Conv that undoes the ImageNet normalization and makes grey, with a Softmax as its head. */
function colourModel(model: Model): Model {
  const [input] = model.graph.inputs;
  const [output] = model.graph.outputs;
  const draft = new Draft(model.graph);
  const weight = draft.addConstant(
    'to_grey.weight',
    Tensor.from(
      'float32',
      [1, 3, 1, 1],
      luma.map((w, c) => w * imagenet.std[c]!),
    ),
  );
  const shift = luma.reduce((sum, w, c) => sum + w * imagenet.mean[c]!, 0);
  const bias = draft.addConstant('to_grey.bias', Tensor.from('float32', [1], [shift]));
  for (const node of [...draft.readers(input!.name)])
    draft.replace(node, { inputs: node.inputs.map((name) => (name === input!.name ? 'grey' : name)) });
  draft.add({ op: 'Conv', name: 'to_grey', inputs: [input!.name, weight, bias], outputs: ['grey'] });
  draft.setInputs([{ name: input!.name, type: tensorType('float32', ['N', 3, side, side]) }]);
  draft.add({
    op: 'Softmax',
    name: 'head/Softmax',
    inputs: [output!.name],
    outputs: ['probabilities'],
    attributes: attributes({ axis: attr.int(1) }),
  });
  draft.setOutputs([{ name: 'probabilities', type: tensorType('float32', ['N', 10]) }]);
  return withParts(model, { graph: draft.finish() });
}

async function pictures(name: string, count: number): Promise<readonly Picture[]> {
  const ports = requiredInputs(readOnnxFile(example('model.onnx')).graph);
  const data = await openDataset(example(name), ports, { preset: '0-255' });
  const out: Picture[] = [];
  for await (const sample of onlyOf(data, [...Array(count).keys()])) out.push(pictureOf(sample));
  return out;
}

function pictureOf({ inputs, label }: Sample): Picture {
  return { pixels: Uint8Array.from(inputs.image!.data('float32')), label: label! };
}

/** image uint8 [n,3,28,28], the same in each colour; label uint8 [n]. */
function npz(all: readonly Picture[]): Uint8Array {
  const image = new Uint8Array(all.length * 3 * plane);
  for (const [i, { pixels }] of all.entries())
    for (let c = 0; c < 3; c++) image.set(pixels, (3 * i + c) * plane);
  return zipSync({
    'image.npy': npy([all.length, 3, side, side], image),
    'label.npy': npy(
      [all.length],
      Uint8Array.from(all, (p) => p.label),
    ),
  });
}

function npy(shape: readonly number[], data: Uint8Array): Uint8Array {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = strToU8(text.padEnd(117, ' ').concat('\n'));
  const out = new Uint8Array(10 + header.length + data.length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  out.set(header, 10);
  out.set(data, 10 + header.length);
  return out;
}
