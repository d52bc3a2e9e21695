// The example page in a real Chromium, with threads and without, under a policy that allows no eval; and the runtime in a worker.
// OCTAVO_SCREENSHOTS=folder keeps pictures of the page to look at.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildExample } from '../examples/browser/build.mjs';
import { serve } from '../examples/browser/serve.mjs';
import { load } from '../src/runtime/index.ts';
import { chromiumMissing, hasChromium, launchChromium } from './support/chromium.ts';
import { compiledByHand } from './support/compiled-by-hand.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = mkdtempSync(join(tmpdir(), 'octavo-browser-runtime-'));

describe.skipIf(!hasChromium)(`in Chromium${hasChromium ? '' : ` (${chromiumMissing})`}`, () => {
  let site = '';
  let browser: Browser;
  const servers: Awaited<ReturnType<typeof serve>>[] = [];
  const trouble: string[] = [];

  beforeAll(async () => {
    site = await buildExample(join(folder, 'site'));
    browser = await launchChromium();
  });

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    expect(trouble.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function opened(path: string, isolated: boolean): Promise<Page> {
    const server = await serve(site, { isolated });
    servers.push(server);
    const page = await browser.newPage();
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') trouble.push(message.text());
    });
    await page.goto(server.url + path);
    return page;
  }

  async function pictureOf(page: Page, name: string): Promise<void> {
    const shots = process.env.OCTAVO_SCREENSHOTS;
    if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  }

  test.each([
    {
      name: 'threads on',
      isolated: true,
      path: '',
      says: /ready in \d+ ms · \w+ SIMD · 2 threads$/,
      workers: 1,
    },
    { name: 'threads off', isolated: true, path: '?threads=1', says: /SIMD · one thread$/, workers: 0 },
    {
      name: 'not isolated',
      isolated: false,
      path: '',
      says: /one thread · .*not cross-origin isolated.*\(Serve it with/,
      workers: 0,
    },
  ])('$name: each sample is told, as Node tells it', async ({ name, isolated, path, says, workers }) => {
    const page = await opened(path, isolated);
    await page.waitForSelector('body[data-ready]');
    expect(await page.locator('#status').textContent()).toMatch(says);
    expect(page.workers().length).toBe(workers);
    const network = await load(join(site, 'model'));
    const classes = JSON.parse(readFileSync(join(site, 'classes.json'), 'utf8')) as string[];
    const samples = await page.locator('#samples button').all();
    expect(samples.length).toBe(10);
    for (const [i, sample] of samples.entries()) {
      await page.evaluate(() => document.getElementById('time')!.replaceChildren());
      await sample.click();
      await page.waitForFunction(() => document.getElementById('time')!.textContent !== '');
      const seen = await page.evaluate(() => {
        const canvas = document.getElementById('seen') as HTMLCanvasElement;
        return [...canvas.getContext('2d')!.getImageData(0, 0, 28, 28).data];
      });
      const [scores] = Object.values(
        await network.run({
          [network.inputNames[0]!]: { width: 28, height: 28, data: Uint8Array.from(seen) },
        }),
      );
      const best = [...(scores!.data as Float32Array)].reduce((b, s, c, all) => (s > all[b]! ? c : b), 0);
      expect(await page.locator('#best').textContent()).toBe(classes[best]);
      // The tenth is an ankle boot: most of the samples are told right.
      if (i === 9) expect(classes[best]).toBe('Ankle boot');
    }
    await pictureOf(page, name.replaceAll(' ', '-'));
    await page.close();
  });

  test('a picked picture of another size on a bright ground', async () => {
    const page = await opened('', false);
    await page.waitForSelector('body[data-ready]');
    const trousers = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(200, 300);
      const draw = canvas.getContext('2d')!;
      draw.fillStyle = 'white';
      draw.fillRect(0, 0, 200, 300);
      draw.fillStyle = 'rgb(40, 40, 60)';
      draw.fillRect(60, 10, 80, 60);
      draw.fillRect(56, 50, 34, 240);
      draw.fillRect(110, 50, 34, 240);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    });
    writeFileSync(join(folder, 'trousers.png'), Uint8Array.from(trousers));
    await page.setInputFiles('#file', join(folder, 'trousers.png'));
    await page.waitForSelector('#answer:not([hidden])');
    expect(await page.locator('#best').textContent()).toBe('Trouser');
    await pictureOf(page, 'picked');
    await page.setInputFiles('#file', {
      name: 'x.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no picture'),
    });
    await page.waitForSelector('#status.error');
    await page.close();
  });

  test('on Node the same bits, on any number of threads', async () => {
    const threadUrl = pathToFileURL(join(site, 'octavo/runtime-thread.mjs'));
    copyFileSync(join(site, 'octavo/runtime-thread.js'), threadUrl);
    const networks = await Promise.all(
      [1, 2, 3, 4].map((threads) => load(join(site, 'model'), { threads, threadUrl })),
    );
    expect(networks.map((n) => n.threads)).toEqual([1, 2, 3, 4]);
    const [input] = networks[0]!.inputNames;
    for (let round = 0; round < 20; round++) {
      const pixels = Float32Array.from({ length: 784 }, (_, i) => ((i * (7 + round)) % 256) / 255);
      const all = await Promise.all(networks.map((n) => n.run({ [input!]: pixels })));
      for (const outputs of all) expect(outputs).toEqual(all[0]);
    }
    await Promise.all(networks.map((n) => n.dispose()));
  });

  test.each([false, true])('in a worker, isolated: %s', async (isolated) => {
    const byHand = compiledByHand();
    for (const [name, bytes] of byHand.files) writeFileSync(join(site, 'model', `hand-${name}`), bytes);
    writeFileSync(join(site, 'empty.html'), '<link rel="icon" href="data:,">');
    writeFileSync(
      join(site, 'worker.js'),
      `import { load } from './octavo/runtime.js';
      const network = await load(
        async (name, signal) => fetch('model/hand-' + name, { signal }), { threads: 3 });
      const x = Int32Array.from({ length: 100 }, (_, i) => i * i);
      let y;
      for (let run = 0; run < 200; run++) ({ y } = await network.run({ x }));
      const { threads } = network;
      await network.dispose();
      postMessage({ threads, y: [...y.data] });`,
    );
    const page = await opened('empty.html', isolated);
    const { threads, y } = await page.evaluate(
      () =>
        new Promise<{ threads: number; y: number[] }>((resolve, reject) => {
          const worker = new Worker('worker.js', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        }),
    );
    expect(threads).toBe(isolated ? 3 : 1);
    expect(y).toEqual([...byHand.expected(Int32Array.from({ length: 100 }, (_, i) => i * i))]);
    // After dispose only the page's own worker is left.
    await expect.poll(() => page.workers().length).toBe(1);
    await page.close();
  });
});
