// The page: loads the compiled model once, then answers for each picture. No bundler: these files are served as they are.
import { load } from './octavo/runtime.js';

const at = (id) => document.getElementById(id);
const status = at('status');

// ?threads=1 to compare. More than one needs a page that is cross-origin isolated: see README.md.
const wanted = Number(new URLSearchParams(location.search).get('threads') ?? 2);
const start = performance.now();
let network;
try {
  network = await load('model/', {
    threads: wanted,
    onProgress: (loaded, total) => {
      at('progress').value = loaded / total;
    },
  });
} catch (error) {
  status.textContent = error.message;
  status.className = 'error';
  throw error;
}
const classes = await (await fetch('classes.json')).json();
const [input] = network.inputMetadata;
const [, , height, width] = input.shape;
const loadMs = performance.now() - start;
status.textContent = [
  `ready in ${loadMs.toFixed(0)} ms`,
  `${network.variant} SIMD`,
  network.threads === 1 ? 'one thread' : `${network.threads} threads`,
  ...network.notes.map((note) => `${note.what} (${note.remedy})`),
].join(' · ');
at('progress').hidden = true;
at('main').hidden = false;

const seen = at('seen').getContext('2d', { willReadFrequently: true });

/** The picture at the model's size: whole, its proportions kept. Bright grounds are turned round: it knows black ones. */
function imageFor(picture) {
  const canvas = new OffscreenCanvas(width, height);
  const draw = canvas.getContext('2d', { willReadFrequently: true });
  const scale = Math.min(width / picture.width, height / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  const place = [(width - w) / 2, (height - h) / 2, w, h];
  draw.imageSmoothingQuality = 'high';
  draw.drawImage(picture, ...place);
  const { data } = draw.getImageData(Math.ceil(place[0]), Math.ceil(place[1]), 2, 2);
  const isBright = data[3] > 0 && data[0] + data[1] + data[2] > 3 * 127;
  draw.fillStyle = isBright ? 'white' : 'black';
  draw.fillRect(0, 0, width, height);
  draw.drawImage(picture, ...place);
  const image = draw.getImageData(0, 0, width, height);
  if (isBright)
    for (let i = 0; i < image.data.length; i++) if (i % 4 < 3) image.data[i] = 255 - image.data[i];
  return image;
}

async function answer(blob) {
  const picture = await createImageBitmap(blob);
  const image = imageFor(picture);
  picture.close();
  seen.putImageData(image, 0, 0);

  const start = performance.now();
  const outputs = await network.run({ [input.name]: image });
  const runMs = performance.now() - start;

  const scores = [...outputs[network.outputNames[0]].data];
  const most = Math.max(...scores);
  const powers = scores.map((s) => Math.exp(s - most));
  const sum = powers.reduce((a, b) => a + b);
  const ranked = classes
    .map((name, i) => ({ name, share: powers[i] / sum }))
    .sort((a, b) => b.share - a.share);
  at('best').textContent = ranked[0].name;
  at('classes').replaceChildren(...ranked.slice(0, 4).map(row));
  at('time').textContent = `${runMs.toFixed(2)} ms`;
  at('answer').hidden = false;
}

function row({ name, share }) {
  const item = document.createElement('li');
  const [label, meter, number] = ['span', 'meter', 'span'].map((tag) => document.createElement(tag));
  label.textContent = name;
  meter.value = share;
  number.textContent = `${(100 * share).toFixed(1)} %`;
  item.append(label, meter, number);
  return item;
}

async function show(blob, button) {
  for (const other of at('samples').children) other.ariaPressed = String(other === button);
  try {
    await answer(blob);
  } catch (error) {
    status.textContent = `This picture cannot be shown: ${error.message}`;
    status.className = 'error';
  }
}

for (const name of await (await fetch('samples/index.json')).json()) {
  const button = document.createElement('button');
  const image = new Image();
  image.src = `samples/${name}`;
  image.alt = name.replace('.png', '');
  button.append(image);
  button.addEventListener('click', async () => show(await (await fetch(image.src)).blob(), button));
  at('samples').append(button);
}
at('file').addEventListener('change', ({ target }) => target.files[0] && show(target.files[0]));
const pick = document.querySelector('.pick');
for (const event of ['dragover', 'dragleave', 'drop'])
  pick.addEventListener(event, (e) => {
    e.preventDefault();
    pick.classList.toggle('over', event === 'dragover');
    if (event === 'drop' && e.dataTransfer.files[0]) show(e.dataTransfer.files[0]);
  });
document.body.dataset.ready = 'yes';
