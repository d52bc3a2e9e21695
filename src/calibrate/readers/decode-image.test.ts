import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeImage } from './decode-image.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-decode-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two by one: red, then blue, each with its alpha. */
const rgba = Buffer.from([255, 0, 0, 255, 0, 0, 255, 0]);
const raw = (channels: 1 | 2 | 3 | 4, width = 2, height = 1) => ({ raw: { width, height, channels } });

async function decoded(name: string, bytes: Uint8Array) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const { width, height, channels, data } = await decodeImage(path);
  return { width, height, channels, data: [...data] };
}

describe('pixels', () => {
  const redBlue = { width: 2, height: 1, channels: 3, data: [255, 0, 0, 0, 0, 255] };

  test('alpha is dropped, not blended', async () => {
    expect(await decoded('a.png', await sharp(rgba, raw(4)).png().toBuffer())).toEqual(redBlue);
  });

  test('palette images', async () => {
    expect(
      await decoded('p.png', await sharp(rgba, raw(4)).removeAlpha().png({ palette: true }).toBuffer()),
    ).toEqual(redBlue);
  });

  test('lossless webp', async () => {
    expect(
      await decoded('w.webp', await sharp(rgba, raw(4)).removeAlpha().webp({ lossless: true }).toBuffer()),
    ).toEqual(redBlue);
  });

  test('grey, with alpha or without', async () => {
    const grey = await sharp(Buffer.from([7, 200]), raw(1))
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await sharp(grey).metadata()).channels).toBe(1);
    const got = await decoded('g.png', grey);
    expect(got.data.filter((_, i) => i % got.channels === 0)).toEqual([7, 200]);
    const alpha = await sharp(Buffer.from([7, 0, 200, 128]), raw(2))
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await sharp(alpha).metadata()).channels).toBe(2);
    const dropped = await decoded('ga.png', alpha);
    expect(dropped.data.filter((_, i) => i % dropped.channels === 0)).toEqual([7, 200]);
  });

  test('16 bits become the upper 8', async () => {
    const values = Uint16Array.from([0x12ff, 0x8000, 0xffff, 0x0100, 0x00ff, 0xfe80]);
    const png = await sharp(values, raw(3)).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(png).metadata()).depth).toBe('ushort');
    expect((await decoded('s.png', png)).data).toEqual([0x12, 0x80, 0xff, 0x01, 0x00, 0xfe]);
  });

  test('the EXIF orientation is applied: 6 is a quarter turn to the right', async () => {
    // Red on the left half becomes red on the upper half.
    const wide = Buffer.alloc(32 * 16 * 3);
    for (let i = 0; i < 32 * 16; i++) wide[i * 3 + (i % 32 < 16 ? 0 : 2)] = 255;
    const jpeg = await sharp(wide, raw(3, 32, 16))
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    const { width, height, data } = await decoded('o.jpg', jpeg);
    expect([width, height]).toEqual([16, 32]);
    expect(data[2 * 3]).toBeGreaterThan(240);
    expect(data[(16 * 31 + 2) * 3]).toBeLessThan(15);
  });

  test('CMYK becomes sRGB', async () => {
    const cmyk = await sharp(Buffer.alloc(8 * 8 * 3, 255), raw(3, 8, 8))
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const { channels, data } = await decoded('c.jpg', cmyk);
    expect(channels).toBe(3);
    expect(Math.min(...data)).toBeGreaterThan(240);
  });
});

describe('what is no image', () => {
  async function message(name: string, bytes: Uint8Array): Promise<string> {
    const error = await decoded(name, bytes).catch((cause: Error) => cause);
    return (error as Error).message.replace(`${folder}/`, '').replace(/\(.*\)/, '(...)');
  }
  test('is named', async () => {
    expect(await message('t.jpg', Buffer.from('hello, hello'))).toBe(
      't.jpg: it is not a JPEG, PNG or WebP image. Convert it, or take it out of the folder',
    );
    expect(await message('e.png', new Uint8Array(0))).toBe(
      'e.png: the file is empty. Convert it, or take it out of the folder',
    );
    expect(
      await message('v.png', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')),
    ).toMatch(/^v\.png: it is not a JPEG/);
    await expect(decodeImage(join(folder, 'none.jpg'))).rejects.toMatchObject({ code: 'IO' });
  });

  test('a file that is cut off is an error, not a grey lower half', async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) & 255);
    const whole = sharp(noise, raw(3, 64, 64));
    for (const [name, bytes] of [
      ['c.jpg', await whole.jpeg().toBuffer()],
      ['c.png', await whole.png().toBuffer()],
      ['c.webp', await whole.webp({ lossless: true }).toBuffer()],
    ] as const)
      expect(await message(name, bytes.subarray(0, bytes.length >> 1))).toBe(
        `${name}: the image cannot be decoded (...)`,
      );
  });
});
