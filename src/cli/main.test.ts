// What every call of the command does, whatever the command.
import { afterEach, expect, test, vi } from 'vitest';
import { main } from './main.ts';

const before = process.env.ORT_DISABLE_TELEMETRY;
afterEach(() => {
  vi.restoreAllMocks();
  if (before === undefined) delete process.env.ORT_DISABLE_TELEMETRY;
  else process.env.ORT_DISABLE_TELEMETRY = before;
});

test.each([
  [undefined, '1'],
  ['0', '0'],
])("the engine's telemetry, %s in the environment, is %s", async (set, expected) => {
  const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  if (set === undefined) delete process.env.ORT_DISABLE_TELEMETRY;
  else process.env.ORT_DISABLE_TELEMETRY = set;
  expect(await main(['--version'])).toBe(0);
  expect(print).toHaveBeenCalledOnce();
  expect(process.env.ORT_DISABLE_TELEMETRY).toBe(expected);
});
