// `npm run demo`: takes a real model through everything, with the library as a user would call it, and tells the story.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildCode } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await buildCode();
const octavo = await import(new URL('../dist/node.js', import.meta.url).href);
const runtime = await import(new URL('../dist/runtime.js', import.meta.url).href);

const example = (name) => join(root, 'examples/fashion-mnist', name);
const out = (name) => join(root, 'demo-out', name);
const percent = (share) => `${(100 * share).toFixed(2)} %`;
const kilobytes = (bytes) => `${Math.round(bytes / 1024)} KB`;
const say = (text = '') => console.log(text);
const startMs = performance.now();
mkdirSync(dirname(out('x')), { recursive: true });

say('Octavo demo: a small MobileNetV2 that tells clothes apart (Fashion-MNIST), from float to proven INT8.');
say();
const model = octavo.readOnnxFile(example('model.onnx'));
const prepared = octavo.prepareModel(model, { target: 'octavo' });
say(
  `1. Read   ${model.graph.nodes.length} nodes, ${kilobytes(statSync(example('model.onnx')).size)} of float weights.`,
);
say(
  `2. Fuse   BatchNormalization goes into the convolutions: ${prepared.float.graph.nodes.length} nodes are left, same answers.`,
);

const inputs = octavo.requiredInputs(model.graph);
const calibrationData = await octavo.openDataset(example('calib.npz'), inputs, { preset: '0-1' });
const testData = await octavo.openDataset(example('test.npz'), inputs, { preset: '0-1' });
const engine = await octavo.onnxruntimeNode();
const calibration = await octavo.calibrate(prepared, calibrationData, { engine });
say(
  `3. Watch  ${calibration.samples} training images flow through the float model; ${calibration.statistics.size} tensors are counted.`,
);

const int8 = octavo.quantize(calibration);
octavo.writeOnnxFile(int8.model, out('fashion-mnist.int8.onnx'));
say(
  `4. Choose a range for each tensor (${int8.plan.method}), round the weights, correct the biases, write ONNX.`,
);

const proof = await octavo.compare(int8, testData, { engine });
const gate = octavo.judge(proof, octavo.defaultGate);
const [worst] = octavo.worstLayers(proof.layers, 1);
say(
  `5. Prove  both models answer ${proof.samples} test images that neither has seen (${engine.name}, one thread):`,
);
say();
say(`     size       ${kilobytes(int8.bytes.float)} -> ${kilobytes(int8.bytes.int8)}`);
say(`     accuracy   ${percent(proof.accuracy.reference)} -> ${percent(proof.accuracy.other)}`);
say(`     same answer on ${percent(proof.agreement)} of the images`);
say(
  `     time       ${proof.time.referenceMs.toFixed(3)} ms -> ${proof.time.otherMs.toFixed(3)} ms an image (small and noisy: see bench/)`,
);
say(`     worst layer ${worst.layer}: signal ${worst.sqnrDb.toFixed(1)} dB above the rounding noise`);
say();
const compiled = octavo.compileModel(int8.model, { name: 'fashion-mnist', images: { preset: '0-1' } });
mkdirSync(out('compiled'), { recursive: true });
for (const [name, bytes] of compiled.files) writeFileSync(join(out('compiled'), name), bytes);
const network = await runtime.load(out('compiled'));
const [output] = network.outputNames;
let right = 0;
const times = [];
for await (const { inputs, label } of testData) {
  const start = performance.now();
  const answer = await network.run({ image: inputs.image.data('float32') });
  times.push(performance.now() - start);
  const scores = answer[output].data;
  if (scores.indexOf(Math.max(...scores)) === label) right++;
}
const module = compiled.files.get(`${network.variant}.wasm`);
say(
  `6. Compile the network becomes ${kilobytes(gzipSync(module).length)} of WebAssembly and ${kilobytes(compiled.files.get('weights.bin').length)} of weights: no engine is left.`,
);
say(
  `7. Run    it answers the same images: ${percent(right / times.length)} right, ${times.sort((a, b) => a - b)[times.length >> 1].toFixed(3)} ms an image (${network.variant} SIMD).`,
);
say();
network.dispose();
writeFileSync(out('report.json'), `${JSON.stringify({ ...proof, bytes: int8.bytes, gate }, null, 2)}\n`);
writeFileSync(out('plan.json'), octavo.planToJson(int8.plan));
say(
  `${gate.passed ? 'PROVEN' : 'MISSED'}: ${gate.findings.join('; ')}. Took ${((performance.now() - startMs) / 1000).toFixed(1)} s.`,
);
say(
  `Written to ${relative(process.cwd(), dirname(out('x')))}/: the INT8 model, the compiled one, the report, and the plan with the reason for each node.`,
);
say('The same by command:');
say('  npx octavo quantize examples/fashion-mnist/model.onnx --data examples/fashion-mnist/calib.npz \\');
say('    --eval-data examples/fashion-mnist/test.npz --preset 0-1 --samples 256 \\');
say('    --target octavo -o fashion-mnist.int8.onnx');
say('  npx octavo compile fashion-mnist.int8.onnx --preset 0-1 -o fashion-mnist/');
say('  npx octavo run fashion-mnist/ --data examples/fashion-mnist/test.npz --preset 0-1');
if (!gate.passed) process.exitCode = 3;
