// With ignore-scripts npm runs no pretest and no prepack: the tests build what they need themselves.
import { buildCode, buildTypes } from '../scripts/build.mjs';

export default async function setup(): Promise<void> {
  await buildCode();
  try {
    buildTypes();
  } catch (error) {
    // Only the packed declarations need them (test/pack.test.ts fails then): other tests of work in progress can run.
    process.env.OCTAVO_TYPES_ERROR = String(error);
  }
}
