/**
 * The story, from top to bottom: a float model is fused, calibrated on the user's samples, quantized by a plan, and
 * compared with what it came from. Browser-safe: engines and data are handed in.
 */
import type { MethodChoices } from './analyse/auto/choose-methods.ts';
import type { LayerError, LayerPair } from './analyse/compare-layers.ts';
import { compareLayers } from './analyse/compare-layers.ts';
import type { ModelComparison } from './analyse/compare-models.ts';
import { compareModels } from './analyse/compare-models.ts';
import { littleInt8, workOf } from './analyse/int8-share.ts';
import { taskOf } from './analyse/task.ts';
import type { Note } from './base/errors.ts';
import { invalidArgument, OctavoError } from './base/errors.ts';
import type { OnProgress } from './base/progress.ts';
import type { CollectOptions, Measured, Statistics } from './calibrate/collect.ts';
import { collect } from './calibrate/collect.ts';
import type { Dataset } from './calibrate/dataset.ts';
import { openSession } from './calibrate/open-session.ts';
import { modelHash } from './calibrate/table/model-hash.ts';
import type { SampleLedger } from './calibrate/table/sample-ledger.ts';
import type { CalibrationTable, Shard } from './calibrate/table/table.ts';
import { statisticsFor } from './calibrate/table/table.ts';
import type { TopPairs } from './calibrate/top-pairs.ts';
import type { Engine } from './engines/engine.ts';
import { onnxByteLength } from './formats/onnx/index.ts';
import { spellQdq } from './formats/onnx/spell-qdq.ts';
import type { Model } from './ir/index.ts';
import { withParts } from './ir/index.ts';
import type { TypeTable } from './ops/infer-types.ts';
import { inferTypes } from './ops/infer-types.ts';
import { bindDims } from './passes/bind-dims.ts';
import { runPasses } from './passes/pass.ts';
import { prepare } from './passes/preset.ts';
import { methodsFor } from './pipeline/methods-for.ts';
import { refuseQuantized } from './pipeline/refuse-quantized.ts';
import { applyPlan } from './quantize/apply.ts';
import type { Layout } from './quantize/decision.ts';
import type { GivenRanges } from './quantize/given-ranges.ts';
import { layOut } from './quantize/layout.ts';
import { makePlan } from './quantize/make-plan.ts';
import type { QuantPlan } from './quantize/plan.ts';
import type { Selection } from './quantize/select.ts';
import { compileSelection } from './quantize/select.ts';
import { calibrationSites } from './quantize/sites.ts';
import { checkStaticShapes } from './quantize/static-shapes.ts';
import type { TargetProfile } from './quantize/targets/index.ts';
import { defaultTarget, targetByName } from './quantize/targets/index.ts';
import { version } from './version.ts';

/** What long steps take besides their input. */
export interface RunOptions {
  readonly engine: Engine;
  /** Cancels: the step throws CANCELLED. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface LayoutOptions extends Selection {
  /** Id of a target profile. Default `ort-cpu`. */
  readonly target?: string;
  /** Sizes for symbolic dimensions, by name, or by `input:axis` for one without. */
  readonly dims?: Readonly<Record<string, number>>;
}

/** A model fused and laid out for a target: what would be quantized and why, before any data. */
export interface PreparedModel {
  /** As given. */
  readonly original: Model;
  /** Fused, in the opset the target needs; still float. */
  readonly float: Model;
  readonly target: TargetProfile;
  readonly layout: Layout;
  readonly types: TypeTable;
  readonly options: LayoutOptions;
}

/** A prepared model with what was measured of it. */
export interface Calibration extends PreparedModel {
  readonly statistics: Statistics;
  readonly samples: number;
  /** Ranges concluded elsewhere: `quantize` takes them where no method is asked for. */
  readonly given?: GivenRanges;
  /** What method `auto` takes for each tensor, as `calibrateAuto` chose: `quantize` goes by it unless another method is named. */
  readonly choices?: MethodChoices;
  /** What method `isotone` goes by, as `calibrateIsotone` found it, by the first value of a group: `quantize` goes by it likewise. */
  readonly tops?: ReadonlyMap<string, TopPairs>;
}

/** A calibration that can be kept as a table. */
export interface Measurement extends Calibration {
  /** Which samples those were. */
  readonly ledger: SampleLedger;
  /** Who ran the model. */
  readonly engine: string;
}

export interface CalibrateOptions extends RunOptions, Pick<CollectOptions, 'budgetBytes' | 'threads'> {
  /** Measured before, of the same model: its samples are not run again. */
  readonly resume?: CalibrationTable | undefined;
  /** Called behind each sample with what is counted so far: where long runs are saved from. */
  readonly onCounted?: ((soFar: Measurement) => void) | undefined;
}

export interface QuantizeOptions {
  /** Id of a calibration method. */
  readonly method?: string;
  /** Default true. */
  readonly biasCorrection?: boolean;
}

export interface QuantizedModel {
  readonly original: Model;
  readonly float: Model;
  /** The INT8 graph: operators on codes. */
  readonly graph: Model;
  /** The same spelled as ONNX QDQ, ready for `writeOnnx`. */
  readonly model: Model;
  readonly plan: QuantPlan;
  /** Where layers can be compared: values of `float` and their codes in `model`. */
  readonly layers: readonly LayerPair[];
  /** Of the files, weights included. */
  readonly bytes: { readonly float: number; readonly int8: number };
  /** 0 for a replayed plan. */
  readonly calibrationSamples: number;
  readonly notes: readonly Note[];
}

export interface Proof extends ModelComparison {
  /** In graph order. */
  readonly layers: readonly LayerError[];
  readonly notes: readonly Note[];
}

/** Throws ALREADY_QUANTIZED, UNSUPPORTED (opset, operator in an old opset), INVALID_ARGUMENT (pattern, dim, target). */
export function prepareModel(model: Model, options: LayoutOptions = {}): PreparedModel {
  refuseQuantized(model);
  const target = options.target === undefined ? defaultTarget : targetByName(options.target);
  const bound = options.dims === undefined ? model : runPasses(model, [bindDims(options.dims)]);
  const float = prepare(bound);
  const types = inferTypes(float);
  checkStaticShapes(float.graph, target);
  const select = compileSelection(float.graph, options);
  const layout = layOut({ model: float, types, target, select });
  if (!layout.nodes.some((n) => n.action === 'quantized'))
    throw new OctavoError({
      code: 'UNSUPPORTED',
      where: `graph '${float.graph.name}'`,
      what: 'no operator of it can be quantized',
      remedy: `Each says why: ${layout.nodes
        .slice(0, 3)
        .map((n) => `'${n.name}' (${n.op}): ${n.reason}`)
        .join('; ')}`,
    });
  return { original: model, float, target, layout, types, options };
}

/** Runs the float model over the samples. Throws DATA, CALIBRATION, ENGINE and CANCELLED; INVALID_ARGUMENT for another model's table. */
export async function calibrate(
  prepared: PreparedModel,
  samples: Dataset,
  options: CalibrateOptions,
): Promise<Measurement> {
  const { engine, resume, onCounted, ...collecting } = options;
  if (resume !== undefined) checkTable(prepared, resume, 'the table to resume', engine.name);
  const sites = calibrationSites(prepared.layout, prepared.float.graph);
  const measurementOf = ({ statistics, samples: ledger }: Measured): Measurement => ({
    ...prepared,
    statistics,
    samples: ledger.size,
    ledger,
    engine: engine.name,
  });
  const measured = await collect(engine, prepared.float, sites, samples, {
    ...collecting,
    resume,
    onCounted: onCounted && ((soFar) => onCounted(measurementOf(soFar))),
  });
  return measurementOf(measured);
}

/** What was measured, to be kept: `tableToJson` writes it. Of one shard, where its samples are only that. */
export function calibrationTable(calibration: Measurement, shard?: Shard): CalibrationTable {
  const { original, statistics, ledger, engine, options } = calibration;
  return {
    octavo: version,
    model: { sha256: modelHash(original), graph: original.graph.name },
    engine,
    dims: options.dims ?? {},
    samples: ledger,
    ...(shard === undefined || shard.of === 1 ? {} : { shards: { present: [shard.index], of: shard.of } }),
    statistics,
  };
}

/**
 * A table in the place of samples: `quantize` goes on from it. Throws INVALID_ARGUMENT when it is another model's, CALIBRATION
 * naming a tensor that it lacks.
 */
export function calibrationFromTable(
  prepared: PreparedModel,
  table: CalibrationTable,
  where = 'calibration table',
): Measurement {
  checkTable(prepared, table, where);
  const sites = calibrationSites(prepared.layout, prepared.float.graph);
  const statistics = statisticsFor(sites, table, where);
  const { samples: ledger, engine } = table;
  return { ...prepared, statistics, samples: ledger.size, ledger, engine };
}

function checkTable(prepared: PreparedModel, table: CalibrationTable, where: string, engine?: string): void {
  if (table.model.sha256 !== modelHash(prepared.original))
    throw invalidArgument(
      where,
      `it was measured on another model (SHA-256 ${table.model.sha256.slice(0, 12)}...)`,
      'Give the float model that was calibrated, or calibrate this one',
    );
  if (engine !== undefined && table.engine !== engine)
    throw invalidArgument(
      where,
      `it was measured with ${table.engine}, and this is ${engine}`,
      'Go on with the same engine and version, or start anew',
    );
}

/** Chooses every parameter from the statistics and edits the graph. Throws CALIBRATION when a range cannot be had. */
export function quantize(calibration: Calibration, options: QuantizeOptions = {}): QuantizedModel {
  const given = givenTo(calibration, options.method);
  const { saying, because, ...methods } = methodsFor(calibration, options.method);
  const biasCorrection = options.biasCorrection ?? true;
  const made = makePlan({ ...calibration, ...methods, ranges: given?.byGroup, biasCorrection });
  const plan = { ...made.plan, ...(given && { method: given.method }), ...saying };
  const notes = [...made.notes, ...rangesOnly(calibration), ...because];
  const { only = [], exclude = [] } = calibration.options;
  return applied(calibration, plan, notes, {
    target: plan.target,
    method: plan.method,
    biasCorrection,
    samples: calibration.samples,
    only,
    exclude,
  });
}

/** The ranges to take as they are. Throws INVALID_ARGUMENT for a method where there is nothing it could run on. */
export function givenTo({ given, statistics }: Calibration, method?: string): GivenRanges | undefined {
  if (given === undefined || method === undefined) return given;
  if (statistics.size > 0) return undefined;
  throw invalidArgument(
    `method '${method}'`,
    `${given.source} is ${given.title}: it holds ranges and no counts, and methods choose by counts`,
    'Leave the method out to take the ranges as they are, or measure a table with octavo calibrate',
  );
}

function rangesOnly({ given, statistics }: Calibration): readonly Note[] {
  if (given === undefined || statistics.size > 0) return [];
  return [
    {
      code: 'ranges-only',
      where: given.source,
      what: `${given.title} holds ranges and no counts: they are taken as they are, matched by name, and biases are not corrected`,
    },
  ];
}

/** Replays a saved plan, without data. Throws INVALID_ARGUMENT when it was made for another model. */
export function quantizeByPlan(prepared: PreparedModel, plan: QuantPlan): QuantizedModel {
  return applied(prepared, plan, [], { target: plan.target, method: plan.method, replayed: true });
}

/** The options the file's metadata carries. */
interface Stamp {
  readonly target: string;
  readonly method: string;
  readonly biasCorrection?: boolean;
  readonly samples?: number;
  readonly only?: readonly string[];
  readonly exclude?: readonly string[];
  /** Made from a saved plan. */
  readonly replayed?: boolean;
}

function applied(
  prepared: PreparedModel,
  plan: QuantPlan,
  notes: readonly Note[],
  options: Stamp,
): QuantizedModel {
  const { float, original } = prepared;
  const edited = applyPlan(float, plan, prepared.target);
  const stamped = withParts(edited.model, {
    producerName: 'octavo',
    producerVersion: version,
    metadata: new Map([
      ...edited.model.metadata,
      ['octavo.version', version],
      ['octavo.options', JSON.stringify(options)],
    ]),
  });
  const spelled = spellQdq(stamped, { dequantize: prepared.target.dequantize });
  const makers = new Map(float.graph.nodes.flatMap((n) => n.outputs.map((o) => [o, n.name] as const)));
  const layers = [...edited.codes].map(([value, codes]): LayerPair => {
    const type = stamped.graph.types.get(codes);
    if (type?.kind !== 'quantized') throw new Error(`codes '${codes}' have no parameters`);
    return {
      layer: makers.get(value) ?? value,
      value,
      codes: spelled.codes.get(codes) ?? codes,
      quant: type.quant,
    };
  });
  const bytes = {
    float: onnxByteLength(original, { outside: 'embed' }),
    int8: onnxByteLength(spelled.model),
  };
  const { samples: calibrationSamples = 0 } = options;
  return {
    original,
    float,
    graph: stamped,
    model: spelled.model,
    plan,
    layers,
    bytes,
    calibrationSamples,
    notes: [...notes, ...littleInt8(workOf(float, plan.nodes), plan.target, 'float')],
  };
}

/** Runs the original and the INT8 model over samples that did not calibrate. */
export async function compare(
  int8: QuantizedModel,
  samples: Dataset,
  options: RunOptions & { readonly labelled?: boolean },
): Promise<Proof> {
  const { engine, signal, onProgress } = options;
  refuseOneShot(samples);
  const reference = await openSession(engine, int8.original);
  const other = await openSession(engine, int8.model);
  try {
    const task = taskOf(int8.float, options.labelled ?? (await firstIsLabelled(samples)));
    const comparison = await compareModels(reference, other, samples, { task, signal, onProgress });
    const models = { float: int8.float, int8: int8.model };
    const layers = await compareLayers(engine, models, int8.layers, samples, { signal, onProgress });
    return { ...comparison, layers, notes: doubtsOf(comparison) };
  } finally {
    await reference.dispose();
    await other.dispose();
  }
}

/** Below this share of right answers, the float model was more likely fed wrongly than trained badly. */
const doubtfulAccuracy = 0.5;

/** A proof is worth what its reference is worth. */
function doubtsOf({ accuracy }: ModelComparison): readonly Note[] {
  if (accuracy === undefined || accuracy.reference >= doubtfulAccuracy) return [];
  return [
    {
      code: 'low-float-accuracy',
      where: 'float model',
      what: `it is right on only ${(100 * accuracy.reference).toFixed(1)} % of the labelled samples: check the preprocessing (--preset, --mean, --std, channel order) and the labels before you trust the comparison`,
    },
  ];
}

/** A generator gives its samples once; the models and then the layers are compared over the same ones. */
function refuseOneShot(samples: Dataset): void {
  if ((samples as unknown) !== samples[Symbol.asyncIterator]()) return;
  throw invalidArgument(
    'samples to compare on',
    'they can be iterated only once',
    'Give an object whose [Symbol.asyncIterator] starts anew each time, such as { [Symbol.asyncIterator]: makeSamples }',
  );
}

async function firstIsLabelled(samples: Dataset): Promise<boolean> {
  for await (const sample of samples) return sample.label !== undefined;
  return false;
}
