/** The page: picks files, talks to the worker, shows what it says. No work is done here. */

import type { CalibrationMethodId } from 'octavo';
import { calibrationMethods, targets } from 'octavo';
import type { Job, ModelFacts, Preparation, Reply, Request } from './messages.ts';
import { element, showResult } from './result.ts';
import { bytesText, durationText } from './text.ts';

const input = (id: string) => element<HTMLInputElement>(id);
const choice = (id: string) => element<HTMLSelectElement>(id);

/** How long a cancelled step may take to notice, before its worker is ended. */
const patienceMs = 2000;

let worker = startWorker();
let facts: ModelFacts | undefined;
let running = false;
let impatient: ReturnType<typeof setTimeout> | undefined;
let made: { readonly url: string } | undefined;

for (const { id, title } of targets) {
  const [engine, details] = title.split(': ');
  const option = new Option(engine, id, id === 'ort-web', id === 'ort-web');
  option.title = details ?? '';
  choice('target').append(option);
}
for (const { id, why } of calibrationMethods) {
  const option = new Option(id, id);
  option.title = why;
  choice('method').append(option);
}

function startWorker(): Worker {
  const started = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  started.onmessage = ({ data }: MessageEvent<Reply>) => hear(data);
  started.onerror = ({ message }) => fail(`The worker does not run: ${message}`);
  return started;
}

const tell = (request: Request): void => worker.postMessage(request);

function hear(reply: Reply): void {
  switch (reply.kind) {
    case 'model':
      facts = reply.facts;
      element('model-picked').textContent =
        `${facts.name}: ${bytesText(facts.bytes)}, ${facts.nodes} nodes, takes ${facts.inputs.join(' and ')}`;
      refresh();
      break;
    case 'stage':
      element('stage').textContent = reply.stage;
      element('rate').textContent = '';
      element<HTMLProgressElement>('bar').removeAttribute('value');
      break;
    case 'progress':
      showProgress(reply.progress);
      break;
    case 'done':
      if (made !== undefined) URL.revokeObjectURL(made.url);
      made = { url: URL.createObjectURL(new Blob([reply.file], { type: 'application/octet-stream' })) };
      showResult(reply.summary, made.url);
      stop();
      break;
    case 'cancelled':
      stop();
      fail('Cancelled. Nothing was made.');
      break;
    case 'failed': {
      const { where, what, remedy } = reply.failure;
      if (!running) facts = undefined;
      stop();
      fail(`${where}: ${what}. ${remedy}`);
    }
  }
}

function showProgress({
  phase,
  done,
  total,
  ratePerSecond,
  etaMs,
}: Extract<Reply, { kind: 'progress' }>['progress']) {
  element('stage').textContent = phase;
  const bar = element<HTMLProgressElement>('bar');
  if (total === undefined) bar.removeAttribute('value');
  else bar.value = done / total;
  element('rate').textContent = [
    total === undefined ? `${done} done` : `${done} of ${total}`,
    `${ratePerSecond < 10 ? ratePerSecond.toFixed(1) : Math.round(ratePerSecond)} a second`,
    ...(etaMs === undefined ? [] : [`${durationText(etaMs)} left`]),
  ].join(' · ');
}

function fail(text: string): void {
  element('message').textContent = text;
  element('message').hidden = false;
}

function stop(): void {
  running = false;
  clearTimeout(impatient);
  refresh();
}

/** What can be done now. */
function refresh(): void {
  document.querySelector('label[for=model]')!.classList.toggle('filled', facts !== undefined);
  const ready = facts !== undefined && (input('calibration').files?.length ?? 0) > 0;
  for (const id of ['model-step', 'data-step']) element<HTMLFieldSetElement>(id).disabled = running;
  element<HTMLButtonElement>('start').disabled = running || !ready;
  element<HTMLButtonElement>('demo').disabled = running;
  element('cancel').hidden = !running;
  element('progress').hidden = !running;
}

function pickedModel(): void {
  const [file] = input('model').files ?? [];
  facts = undefined;
  element('message').hidden = true;
  element('model-picked').textContent = file === undefined ? '' : `Reading ${file.name} …`;
  if (file !== undefined) tell({ kind: 'look', model: file });
  refresh();
}

function pickedSamples(id: 'calibration' | 'held-out'): void {
  const files = [...(input(id).files ?? [])];
  const bytes = files.reduce((sum, f) => sum + f.size, 0);
  const [first] = files;
  element(`${id}-picked`).textContent =
    first === undefined
      ? ''
      : `${files.length === 1 ? first.name : `${files.length} files`}, ${bytesText(bytes)}`;
  document.querySelector(`label[for=${id}]`)!.classList.toggle('filled', first !== undefined);
  refresh();
}

function jobOf(): Job {
  return {
    model: input('model').files![0]!,
    calibration: [...input('calibration').files!],
    heldOut: [...(input('held-out').files ?? [])],
    preparation: choice('preparation').value as Preparation,
    target: choice('target').value,
    method: choice('method').value as CalibrationMethodId,
    samples: input('samples').valueAsNumber || 100,
  };
}

element('form').addEventListener('submit', (event) => {
  event.preventDefault();
  if (running || facts === undefined) return;
  running = true;
  element('message').hidden = true;
  element('result').hidden = true;
  element('stage').textContent = 'starting';
  tell({ kind: 'quantize', job: jobOf() });
  refresh();
});

element('cancel').addEventListener('click', () => {
  tell({ kind: 'cancel' });
  element('stage').textContent = 'cancelling';
  clearTimeout(impatient);
  impatient = setTimeout(() => {
    // A long step between two samples hears nothing: its worker goes, and a new one waits for the next job.
    worker.terminate();
    worker = startWorker();
    hear({ kind: 'cancelled' });
  }, patienceMs);
});

input('model').addEventListener('change', pickedModel);
for (const id of ['calibration', 'held-out'] as const)
  input(id).addEventListener('change', () => pickedSamples(id));

/** Files dropped on a field are as good as files chosen in it. */
for (const zone of document.querySelectorAll<HTMLLabelElement>('.drop')) {
  zone.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('over');
  });
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    if (event.dataTransfer !== null && !running) put(zone.htmlFor, [...event.dataTransfer.files]);
  });
}

function put(id: string, files: readonly File[]): void {
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  input(id).files = list.files;
  input(id).dispatchEvent(new Event('change'));
}

element('demo').addEventListener('click', async () => {
  try {
    const [model, calibration, heldOut] = await Promise.all(
      ['model.onnx', 'calib.npz', 'test.npz'].map(async (name) => {
        const response = await fetch(new URL(`./demo/${name}`, import.meta.url));
        if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
        return new File([await response.blob()], name === 'model.onnx' ? 'fashion-mnist.onnx' : name);
      }),
    );
    choice('preparation').value = '0-1';
    put('model', [model!]);
    put('calibration', [calibration!]);
    put('held-out', [heldOut!]);
  } catch (error) {
    fail(`The demo cannot be loaded: ${(error as Error).message}`);
  }
});

refresh();
