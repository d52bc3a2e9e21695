// With ignore-scripts npm runs no pretest: the tests build what they need themselves.
import { buildCode } from '../scripts/build.mjs';

export default async function setup(): Promise<void> {
  await buildCode();
}
