/** `octavo inspect`: from arguments to the analysis, from its result to text. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineView } from '../analyse/engine-forms.ts';
import { inspectModel } from '../analyse/inspect.ts';
import type { Engine } from '../engines/engine.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import { onnxByteLength, writeOnnx } from '../formats/onnx/index.ts';
import type { Model } from '../ir/index.ts';
import { withParts } from '../ir/index.ts';
import { targets } from '../quantize/targets/index.ts';
import type { InspectReport } from '../report/inspect-report.ts';
import { inspectReportJson, inspectReportText } from '../report/inspect-report.ts';
import { version } from '../version.ts';
import { bindSizes } from './bind-sizes.ts';
import type { CommandCall, CommandSpec, RawOptions } from './command-spec.ts';
import { configOption } from './config-file.ts';
import { exitCodes } from './exit-codes.ts';
import { dimsOf, textOf } from './option-values.ts';

export const inspectCommand: CommandSpec = {
  usage: 'inspect <model>',
  text: 'Show what an ONNX model is made of, and what runs or would run in INT8 and why',
  options: [
    {
      flags: '--target <name>',
      text: `Engine to look at it for: ${targets.map((t) => t.id).join(', ')} (default: ${targets[0]!.id})`,
    },
    { flags: '--nodes', text: 'List every node with its shape, parameters and multiply-accumulates' },
    { flags: '--dim <sizes>', text: 'Sizes of symbolic dimensions: N=1,H=224' },
    { flags: '--engine', text: 'Ask onnxruntime-node which Conv, Gemm and MatMul it runs on codes' },
    configOption,
    { flags: '--json', text: 'Print everything as JSON' },
  ],
  examples: ['octavo inspect model.onnx', 'octavo inspect model.int8.onnx --engine --nodes'],
  run: runInspect,
};

async function runInspect(args: readonly string[], raw: RawOptions, call: CommandCall): Promise<number> {
  const file = args[0]!;
  const target = textOf(raw.target, '--target');
  const dims = dimsOf(raw.dim, '--dim');
  const [model] = bindSizes([readOnnxFile(file)], dims, { known: call.fromFile.has('dim') }) as [Model];
  const inspection = inspectModel(model, target === undefined ? {} : { target });
  const report: InspectReport = {
    octavo: version,
    file,
    ...inspection,
    ...(raw.engine === true ? { engine: await askEngine(await onnxruntimeNode(), file, model) } : {}),
    notes: [...call.notes, ...inspection.notes],
  };
  const text =
    raw.json === true ? inspectReportJson(report) : inspectReportText(report, { nodes: raw.nodes === true });
  process.stdout.write(`${text}\n`);
  return exitCodes.done;
}

/** Larger models are loaded from their file. */
const loadFromMemoryUpTo = 2 ** 28;

async function askEngine(
  engine: Engine,
  file: string,
  model: Model,
): Promise<NonNullable<InspectReport['engine']>> {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-'));
  try {
    const optimized = join(folder, 'optimized.onnx');
    const small = onnxByteLength(model) <= loadFromMemoryUpTo;
    const session = await engine.load(small ? writeOnnx(withNames(model)) : file, {
      optimizedModelPath: optimized,
    });
    await session.dispose();
    return { name: engine.name, ...engineView(model, readOnnxFile(optimized).graph) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nodes without a name in the file get the one they are shown by, so that they are found again. */
function withNames(model: Model): Model {
  const { source: _, ...graph } = model.graph;
  const nodes = graph.nodes.map(({ source: __, ...node }) => node);
  return withParts(model, { graph: { ...graph, nodes } });
}
