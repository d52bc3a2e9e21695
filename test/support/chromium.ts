// The Chromium of the system (Debian's package), driven by playwright-core, which brings no browser of its own.
import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

const path = process.env.OCTAVO_CHROMIUM ?? '/usr/bin/chromium';
export const hasChromium = existsSync(path);
/** Printed with a skipped test. */
export const chromiumMissing = `there is no Chromium at ${path}: apt-get install chromium, or name one in OCTAVO_CHROMIUM`;

export function launchChromium(): Promise<Browser> {
  // Its sandbox needs rights that containers do not have; the pages are our own.
  return chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
}
