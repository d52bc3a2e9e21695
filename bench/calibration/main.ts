/**
 * Entropy calibration of MobileNetV2: what collection costs beside the engine's own runs, and that memory does not grow with
 * the number of images. Run: npm run bench -- bench/calibration/main.ts [--only cost|memory] [--count 550] [--rounds 3]
 */
import { parseArgs } from 'node:util';
import { hasShared, sharedMissing } from '../../test/support/shared-models.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    count: { type: 'string', default: '550' },
    rounds: { type: 'string', default: '3' },
    images: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
// Imported when needed: the parts read the model as they load.
if (!hasShared) console.log(`nothing measured: ${sharedMissing}`);
else if (values.images !== undefined)
  await (await import('./memory.ts')).calibrateOnce(Number(values.images));
else {
  if (values.only !== 'memory') await (await import('./cost.ts')).measureCost(Number(values.count), rounds);
  if (values.only !== 'cost') (await import('./memory.ts')).measureMemory(rounds);
}
