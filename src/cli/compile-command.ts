/** `octavo compile`: from arguments to the files that run without an engine. */
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compileModel, manifestName } from '../compile/compile.ts';
import { readOnnxFile } from '../formats/onnx/files-node.ts';
import type { CompileReport, PortReport } from '../report/compile-report.ts';
import { compileReportJson, compileReportText } from '../report/compile-report.ts';
import type { CompiledPort, CompiledProgram } from '../runtime/manifest.ts';
import { version } from '../version.ts';
import type { CommandCall, CommandSpec, RawOptions } from './command-spec.ts';
import { configOption } from './config-file.ts';
import { dataOptionsOf, preprocessingOptions } from './data-options.ts';
import { exitCodes } from './exit-codes.ts';
import { dimsOf, textOf, textsOf } from './option-values.ts';
import { writeFolder } from './write-folder.ts';

/** Those that say how pixels become numbers: images of the right size are the caller's work. */
const taken = ['--preset', '--mean', '--std', '--scale', '--layout', '--bgr'];
const imageOptions = preprocessingOptions.filter(({ flags }) => taken.includes(flags.split(' ')[0]!));

export const compileCommand: CommandSpec = {
  usage: 'compile <model>',
  text: 'Compile an INT8 model to WebAssembly that runs anywhere JavaScript runs, with no engine',
  options: [
    {
      flags: '-o, --output <folder>',
      text: 'Where the files go (default: the model without .onnx)',
    },
    {
      flags: '--dim <sizes>',
      text: 'Sizes of symbolic dimensions: N=1,H=224; repeat it for several sets, which share the weights',
    },
    {
      flags: '--quantized-io',
      text: 'Inputs and outputs are codes where the network has them there (inference_input_type and inference_output_type of TFLite)',
    },
    ...imageOptions,
    configOption,
    { flags: '--json', text: 'Print the report as JSON' },
  ],
  examples: [
    'octavo compile model.int8.onnx --preset imagenet -o model/',
    'octavo compile model.int8.onnx --quantized-io',
    'octavo compile model.int8.onnx --dim N=1,H=224,W=224 --dim N=1,H=320,W=320',
  ],
  run: runCompile,
};

async function runCompile(args: readonly string[], raw: RawOptions, call: CommandCall): Promise<number> {
  const input = args[0]!;
  const output = textOf(raw.output, '--output') ?? input.replace(/\.onnx$/i, '');
  const sets = textsOf(raw.dim, '--dim').map((text) => dimsOf(text, '--dim')!);
  const images = dataOptionsOf(raw);
  const name = basename(input).replace(/\.onnx$/i, '');
  const model = readOnnxFile(input);
  const { manifest, files, notes } = compileModel(model, {
    name,
    images,
    quantizedIo: raw.quantizedIo === true,
    ...(sets.length === 0 ? {} : { sizes: sets }),
  });
  // The manifest last: it names the others, and says by a hash whose they are.
  const ordered = [...files].sort(([a], [b]) => Number(a === manifestName) - Number(b === manifestName));
  writeFolder(output, new Map(ordered));
  const report: CompileReport = {
    octavo: version,
    input,
    output,
    files: ordered.map(([name, bytes]) => ({
      name,
      bytes: bytes.length,
      gzipped: gzipSync(bytes).length,
    })),
    kernels: manifest.kernels,
    programs: manifest.programs.map(programReport),
    notes: [...call.notes, ...notes],
  };
  const text = raw.json === true ? compileReportJson(report) : compileReportText(report);
  process.stdout.write(`${text}\n`);
  return exitCodes.done;
}

function programReport(program: CompiledProgram): CompileReport['programs'][number] {
  const { sizes, inputs, outputs, calls, arenaBytes, arenaLowerBound, memoryBytes } = program;
  return {
    sizes,
    inputs: inputs.map(portReport),
    outputs: outputs.map(portReport),
    calls: calls.length,
    macs: calls.reduce((sum, c) => sum + (c.macs ?? 0), 0),
    arenaBytes,
    arenaLowerBound,
    memoryBytes,
  };
}

function portReport({ name, dtype, dims, codes }: CompiledPort): PortReport {
  return { name, dtype, dims, ...(codes === undefined ? {} : { codes }) };
}
