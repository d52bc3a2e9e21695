// With ignore-scripts npm runs no pretest and no prepack: the tests build what they need themselves.
import { buildCode, buildTypes } from '../scripts/build.mjs';

export default async function setup(): Promise<void> {
  await buildCode();
  buildTypes();
}
