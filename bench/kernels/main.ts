// Speed of kernels, layer by layer: npm run bench bench/kernels/main.ts [relaxed|baseline] [mobilenet_v2|resnet50|part of a layer's name] [rounds]
// Medians and best of interleaved rounds; a kernel is warmed until the engine has compiled it for good.
import { relaxedHere } from '../../test/support/kernel-case.ts';
import { layers, macsOf, mobileNetV2, resNet50 } from './layers.ts';
import { readyLayer } from './lowered-layer.ts';

const [variant = 'relaxed', part = '', rounds = '30'] = process.argv.slice(2);
if (variant !== 'relaxed' && variant !== 'baseline') throw new Error(`there is no variant ${variant}`);
const relaxed = relaxedHere();
if (variant === 'relaxed' && relaxed !== true) {
  console.log(`not measured: ${relaxed}`);
  process.exit(0);
}
console.log(`Node ${process.version}, ${variant}`);
const networks = { mobilenet_v2: mobileNetV2(), resnet50: resNet50() };
const all =
  part in networks
    ? networks[part as keyof typeof networks]
    : layers.filter((layer) => layer.name.includes(part));
const names = [...new Set(all.map((layer) => layer.name))];
const chosen = names.map((name) => all.find((layer) => layer.name === name)!);
const ready = chosen.map((layer) => readyLayer(layer, variant));
const timed = chosen.map(() => [] as number[]);
const repeats = chosen.map((layer) => Math.max(1, Math.round(2e7 / macsOf(layer))));
for (const [i, one] of ready.entries()) {
  const until = performance.now() + 150;
  while (performance.now() < until) for (let k = 0; k < repeats[i]!; k++) one.run();
}
for (let round = 0; round < Number(rounds); round++)
  for (const [i, one] of ready.entries()) {
    const start = performance.now();
    for (let k = 0; k < repeats[i]!; k++) one.run();
    timed[i]!.push((performance.now() - start) / repeats[i]!);
  }
let [total, least] = [0, 0];
for (const [i, layer] of chosen.entries()) {
  const times = timed[i]!.sort((a, b) => a - b);
  const speed = (ms: number): string => (macsOf(layer) / ms / 1e6).toFixed(1).padStart(6);
  const median = times[times.length >> 1]!;
  const count = all.filter((other) => other.name === layer.name).length;
  total += median * count;
  least += times[0]! * count;
  console.log(
    `${layer.name.padEnd(34)} ${speed(median)} GMAC/s, best ${speed(times[0]!)}, ${(median * 1000).toFixed(1)} us, ${ready[i]!.kernels.join()}`,
  );
}
console.log(`all of them: ${total.toFixed(2)} ms, best ${least.toFixed(2)} ms`);
