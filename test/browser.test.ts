// The example page in a real Chromium: everything in a worker, under a policy that lets nothing out; and the files it
// makes are, byte for byte, those that the command makes with onnxruntime-web.
// OCTAVO_SCREENSHOTS=folder keeps pictures of the page to look at.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildExample } from '../examples/browser-quantize/build.mjs';
import { serve } from '../examples/browser-quantize/serve.mjs';
import type { Tensor } from '../src/ir/index.ts';
import { chromiumMissing, hasChromium, launchChromium } from './support/chromium.ts';
import { hasShared, labelledModels, sharedMissing } from './support/shared-models.ts';
import { npzOf } from './support/write-npz.ts';

// A browser and a command, each compiling 14 MB of WebAssembly, beside whatever else the machine does.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples/fashion-mnist', name);
const folder = mkdtempSync(join(tmpdir(), 'octavo-browser-'));
const file = (name: string): string => join(folder, name);

/** What the command makes on Node with onnxruntime-web. */
function onNode(model: string, ...args: string[]): Buffer {
  const fixed = ['--engine', 'web', '--target', 'ort-web', '--quiet', '-o', file('node.onnx')];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin/octavo.mjs'), 'quantize', model, ...args, ...fixed],
    { encoding: 'utf8' },
  );
  // A few samples need not reach the gate.
  expect([0, 3], `${stdout}\n${stderr}`).toContain(status);
  return readFileSync(file('node.onnx'));
}

describe.skipIf(!hasChromium)(`in Chromium${hasChromium ? '' : ` (${chromiumMissing})`}`, () => {
  let server: Awaited<ReturnType<typeof serve>>;
  let browser: Browser;
  let page: Page;
  /** Errors of the page, breaches of its policy among them, and requests to anywhere else. */
  const trouble: string[] = [];

  beforeAll(async () => {
    server = await serve(await buildExample(file('site')));
    browser = await launchChromium();
  });

  beforeEach(async () => {
    trouble.length = 0;
    page = await browser.newPage();
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') trouble.push(message.text());
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(server.url) && !url.startsWith('blob:')) trouble.push(`request to ${url}`);
    });
    await page.goto(server.url);
  });

  afterEach(async () => {
    await page.close();
    expect(trouble).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts it, waits for the verdict, and downloads as a user does. */
  async function downloaded(): Promise<{ readonly name: string; readonly bytes: Buffer }> {
    await page.click('#start');
    await page.waitForSelector('#result:not([hidden]), #message:not([hidden])', { timeout: 120_000 });
    const message = page.locator('#message');
    expect(await message.isVisible(), (await message.textContent()) ?? '').toBe(false);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  }

  async function pictureOf(name: string): Promise<void> {
    const shots = process.env.OCTAVO_SCREENSHOTS;
    if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  }

  const ready = () => page.waitForSelector('#start:enabled');

  test('the demo: quantized in a worker, told how far, proven, downloaded; the same bytes as on Node', async () => {
    await page.click('#demo');
    await ready();
    // Without the 2,000 images: those that do not calibrate prove.
    await page.setInputFiles('#held-out', []);
    const told = page.waitForFunction(() =>
      /^\d+ of 1\d\d · .*\d a second · \d+ s left$/.test(document.getElementById('rate')!.textContent!),
    );
    const { name, bytes } = await downloaded();
    await told;
    expect(page.workers().length).toBe(1);
    expect(name).toBe('fashion-mnist.int8.onnx');
    expect(
      bytes.equals(onNode(example('model.onnx'), '--data', example('calib.npz'), '--preset', '0-1')),
    ).toBe(true);
    expect(await page.locator('#verdict').textContent()).toBe('Proven');
    expect(await page.locator('#tiles').innerText()).toMatch(
      /534 KB → 2\d\d KB[\s\S]*Same answer\n+9\d\.\d\d %/,
    );
    expect(await page.locator('#layers tr').count()).toBe(6);
    await pictureOf('quantized');
  });

  test('cancel comes through in the middle of the work, and the page can start anew', async () => {
    await page.click('#demo');
    await ready();
    await page.click('#start');
    await page.waitForFunction(() => document.getElementById('stage')!.textContent === 'proving');
    await pictureOf('at work');
    await page.click('#cancel');
    await page.waitForSelector('#message:not([hidden])');
    expect(await page.locator('#message').textContent()).toBe('Cancelled. Nothing was made.');
    expect(await page.locator('#result').isVisible()).toBe(false);
    await page.setInputFiles('#held-out', []);
    expect((await downloaded()).bytes.length).toBeGreaterThan(200_000);
  });

  test('pictures are decoded in the browser, and quantize to the same bytes as on Node', async () => {
    const pictures = await somePictures(12);
    await page.setInputFiles('#model', example('model.onnx'));
    await page.setInputFiles('#calibration', pictures);
    await ready();
    const { bytes } = await downloaded();
    expect(bytes.equals(onNode(example('model.onnx'), '--data', file('pictures'), '--preset', '0-1'))).toBe(
      true,
    );
    expect(await page.locator('#note-details').innerText()).toContain('of 12 samples the first 6 calibrate');
  });

  test('what is wrong is said, with what to do, and does no harm', async () => {
    writeFileSync(file('notes.onnx'), 'These are no weights.');
    await page.setInputFiles('#model', file('notes.onnx'));
    await page.waitForSelector('#message:not([hidden])');
    expect(await page.locator('#message').textContent()).toMatch(/^notes\.onnx.*\. \S.*/);
    expect(await page.locator('#start').isDisabled()).toBe(true);
    await page.setInputFiles('#model', example('model.onnx'));
    await page.setInputFiles('#calibration', [example('calib.npz'), example('test.npz')]);
    await ready();
    await page.click('#start');
    await page.waitForSelector('#message:not([hidden])');
    expect(await page.locator('#message').textContent()).toMatch(/one \.npz holds all samples\. Pick one/);
    await pictureOf('wrong');
  });

  test.skipIf(!hasShared)(
    `MobileNetV2 from arrays: the same bytes as on Node${hasShared ? '' : ` (${sharedMissing})`}`,
    async () => {
      const { path, data } = labelledModels.find((m) => m.name === 'mobilenet_v2')!;
      const tensors: Tensor[] = [];
      let input = '';
      for await (const sample of (await data()).calib) {
        [[input, tensors[tensors.length]!]] = Object.entries(sample.inputs) as [[string, Tensor]];
        if (tensors.length === 6) break;
      }
      writeFileSync(file('photos.npz'), npzOf({ [input]: tensors }));
      await page.setInputFiles('#model', path);
      await page.setInputFiles('#calibration', file('photos.npz'));
      await page.selectOption('#preparation', 'as-is');
      await ready();
      const { bytes } = await downloaded();
      expect(bytes.equals(onNode(path, '--data', file('photos.npz')))).toBe(true);
    },
    180_000,
  );
});

/** Colours, sizes and a turned one: everything that a decoder could do otherwise. */
async function somePictures(count: number): Promise<readonly string[]> {
  mkdirSync(file('pictures'), { recursive: true });
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const [width, height] = [28 + 5 * i, 28 + 3 * (i % 4)];
    const pixels = Uint8Array.from(
      { length: width * height * 3 },
      (_, at) => (at * (7 + i) + ((at * at) >> 5)) & 255,
    );
    const path = join(file('pictures'), `${String(i).padStart(2, '0')}.png`);
    const image = sharp(pixels, { raw: { width, height, channels: 3 } });
    await (i === 1 ? image.withMetadata({ orientation: 6 }) : image).png().toFile(path);
    paths.push(path);
  }
  return paths;
}
