/** Shows what came of it: the verdict, the file, what was gained and lost, and where. */
import type { Summary } from './messages.ts';
import { bytesText, durationText, percentText } from './text.ts';

export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export function showResult(summary: Summary, url: string): void {
  const { gate, bytes, fileName } = summary;
  element('result').hidden = false;
  element('result').classList.toggle('missed', !gate.passed);
  element('verdict').textContent = gate.passed ? 'Proven' : 'Misses the gate';
  element('findings').textContent =
    `${sentence(gate.findings.join('; '))}, on ${summary.proof.samples} samples that did not calibrate.`;
  const download = element<HTMLAnchorElement>('download');
  download.href = url;
  download.download = fileName;
  download.textContent = `Download ${fileName}`;
  element('file-facts').textContent =
    `${bytesText(bytes.int8)}, ONNX with QuantizeLinear and DequantizeLinear`;
  element('tiles').replaceChildren(...tilesOf(summary).map(tile));
  element('layers').replaceChildren(...summary.worstLayers.map(layerRow));
  list(
    'float-details',
    summary.inFloat,
    (n) => `${n} ${n === 1 ? 'operator stays' : 'operators stay'} in float, and why`,
  );
  const notes = summary.notes.map(({ where, what }) => `${where}: ${what}`);
  list('note-details', notes, (n) => `${n} ${n === 1 ? 'note' : 'notes'} on data and model`);
  element<HTMLDetailsElement>('note-details').open = notes.length > 0;
  element('made').textContent =
    `${summary.data.join('; proven on ')}. ${summary.engine}, one thread, ${durationText(summary.elapsedMs)} in all.`;
  element('result').scrollIntoView({ block: 'start', behavior: 'smooth' });
}

type Tile = readonly [name: string, figure: string, detail: string];

function tilesOf({ bytes, proof, operators, calibrationSamples, data }: Summary): readonly Tile[] {
  const { accuracy, agreement, time } = proof;
  const tiles: Tile[] = [
    [
      'Size',
      `${bytesText(bytes.float)} → ${bytesText(bytes.int8)}`,
      `${Math.round((100 * bytes.int8) / bytes.float)} % of the float model`,
    ],
  ];
  if (accuracy !== undefined)
    tiles.push([
      'Accuracy',
      `${percentText(accuracy.reference)} → ${percentText(accuracy.other)}`,
      `of ${accuracy.labelled} labelled samples`,
    ]);
  if (agreement !== undefined)
    tiles.push(['Same answer', percentText(agreement), `of ${proof.samples} held-out samples`]);
  if (accuracy === undefined)
    for (const output of proof.outputs.slice(0, 3))
      tiles.push([`Output ${output.name}`, decibels(output.sqnrDb), 'signal over noise']);
  tiles.push([
    'Operators in INT8',
    `${operators.quantized}`,
    `${operators.merged} merged into them, ${operators.float} in float`,
  ]);
  tiles.push([
    'Time a sample, here',
    `${time.referenceMs.toFixed(2)} → ${time.otherMs.toFixed(2)} ms`,
    'in this browser, one thread',
  ]);
  tiles.push(['Calibrated on', `${calibrationSamples} samples`, `of ${data[0]}`]);
  return tiles;
}

function tile([name, figure, detail]: Tile): HTMLElement {
  const box = document.createElement('div');
  const parts = [
    ['dt', name],
    ['dd', figure],
    ['dd', detail],
  ] as const;
  for (const [tag, text] of parts) {
    const part = document.createElement(tag);
    part.textContent = text;
    box.append(part);
  }
  return box;
}

const decibels = (db: number): string => (Number.isFinite(db) ? `${db.toFixed(1)} dB` : 'exact');

function layerRow({ layer, sqnrDb }: Summary['worstLayers'][number]): HTMLElement {
  const row = document.createElement('tr');
  const meter = document.createElement('meter');
  meter.max = 60;
  meter.value = Math.max(0, Math.min(60, sqnrDb));
  for (const [content, type] of [
    [layer],
    [meter],
    [Number.isFinite(sqnrDb) ? sqnrDb.toFixed(1) : 'exact', 'figure'],
  ] as const) {
    const cell = document.createElement('td');
    cell.append(content);
    if (type !== undefined) cell.className = type;
    row.append(cell);
  }
  return row;
}

function list(id: string, lines: readonly string[], title: (count: number) => string): void {
  const details = element<HTMLDetailsElement>(id);
  details.hidden = lines.length === 0;
  details.querySelector('summary')!.textContent = title(lines.length);
  const items = lines.map((line) => {
    const item = document.createElement('li');
    item.textContent = line;
    return item;
  });
  details.querySelector('ul')!.replaceChildren(...items);
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
