/** The table as JSON: canonical, so that equal tables are equal bytes; checked when read, for it may come from anywhere. */
import { OctavoError } from '../../base/errors.ts';
import { TensorStatistic } from '../statistic.ts';
import { SampleLedger } from './sample-ledger.ts';
import type { CalibrationTable, ShardSet } from './table.ts';

const kind = 'octavo calibration table';
/** Raised when older readers would misread it. */
const version = 1;

/** Ends in a newline. One tensor a line, so that a diff of two tables names those that changed. */
export function tableToJson(table: CalibrationTable): string {
  const { octavo, model, engine, dims, samples, shards, statistics } = table;
  const head = {
    kind,
    version,
    octavo,
    model: { sha256: model.sha256, graph: model.graph },
    engine,
    dims: Object.fromEntries(Object.entries(dims).sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(shards === undefined ? {} : { shards: { present: shards.present, of: shards.of } }),
    data: { samples: samples.size, fingerprint: samples.fingerprint(), prints: printsText(samples) },
  };
  // Pairs, not an object: objects put names like "12" first, and order is part of the bytes.
  const lines = [...statistics].map((pair) => `    ${JSON.stringify(pair)}`);
  const text = JSON.stringify(head, null, 2).replace(/\n}$/, '');
  return `${text},\n  "tensors": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

/** `0 print print, 7 print`: runs of neighbouring indices, so that a whole data set says its indices once. */
function printsText(samples: SampleLedger): string {
  const parts: string[] = [];
  let expected = -1;
  for (const [index, print] of samples.entries()) {
    parts.push(index === expected ? print : `${parts.length > 0 ? ',' : ''}${index} ${print}`);
    expected = index + 1;
  }
  return parts.join(' ').replaceAll(' ,', ', ');
}

/** Throws FORMAT, naming `where`, for anything that `tableToJson` does not write. */
export function tableFromJson(text: string, where: string): CalibrationTable {
  const fail = (what: string, cause?: unknown): never => {
    throw new OctavoError({
      code: 'FORMAT',
      where,
      what,
      remedy: 'Make it with octavo calibrate or octavo merge',
      cause,
    });
  };
  let json: Record<string, unknown>;
  try {
    json = recordOf(JSON.parse(text));
  } catch (cause) {
    return fail('it is no calibration table: not a JSON object', cause);
  }
  if (json.kind !== kind) fail('it is no calibration table of Octavo');
  if (json.version !== version)
    fail(`it is of version ${json.version}, this Octavo reads version ${version}`);
  try {
    const [model, data] = [recordOf(json.model), recordOf(json.data)];
    const samples = ledgerOf(textOf(data.prints));
    if (data.samples !== samples.size || data.fingerprint !== samples.fingerprint())
      fail('its list of samples does not fit its fingerprint');
    const shards = json.shards === undefined ? undefined : shardsOf(recordOf(json.shards));
    return {
      octavo: textOf(json.octavo),
      model: { sha256: textOf(model.sha256), graph: textOf(model.graph) },
      engine: textOf(json.engine),
      dims: Object.fromEntries(Object.entries(recordOf(json.dims)).map(([k, v]) => [k, wholeOf(v)])),
      samples,
      ...(shards === undefined ? {} : { shards }),
      statistics: statisticsOf(json.tensors, where),
    };
  } catch (error) {
    if (error instanceof OctavoError) throw error;
    return fail(`it is damaged: ${(error as Error).message}`, error);
  }
}

/** Whether a text is meant to be a table, for messages. */
export function looksLikeTable(text: string): boolean {
  return text.slice(0, 400).includes(`"${kind}"`);
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('an object is missing');
  return value as Record<string, unknown>;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('a text is missing');
  return value;
}

function wholeOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new TypeError('a whole number is missing');
  return value as number;
}

function statisticsOf(value: unknown, where: string): Map<string, TensorStatistic> {
  if (!Array.isArray(value)) throw new TypeError('the list of tensors is missing');
  const statistics = new Map<string, TensorStatistic>();
  for (const pair of value) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new TypeError('a tensor is no pair of name and statistic');
    const name = textOf(pair[0]);
    if (statistics.has(name)) throw new TypeError(`tensor '${name}' is there twice`);
    statistics.set(name, TensorStatistic.fromJSON(pair[1], `${where}, tensor '${name}'`));
  }
  return statistics;
}

function shardsOf({ present, of }: Record<string, unknown>): ShardSet {
  const count = wholeOf(of);
  if (!Array.isArray(present)) throw new TypeError('the list of shards is missing');
  const list = present.map(wholeOf);
  if (list.some((index, i) => index >= count || (i > 0 && index <= list[i - 1]!)))
    throw new TypeError('the list of shards is out of order');
  return { present: list, of: count };
}

function ledgerOf(text: string): SampleLedger {
  const ledger = new SampleLedger();
  if (text === '') return ledger;
  for (const run of text.split(', ')) {
    const [start, ...prints] = run.split(' ');
    if (!/^\d{1,15}$/.test(start!) || prints.length === 0 || !prints.every((p) => /^[0-9a-f]{16}$/.test(p)))
      throw new TypeError('the list of samples cannot be read');
    for (const [i, print] of prints.entries()) ledger.add(Number(start) + i, print);
  }
  return ledger;
}
