/**
 * The plan: everything that was decided, as a value. It can be printed, compared, saved as JSON, changed by hand
 * and replayed; `applyPlan` edits the graph by it and decides nothing.
 */
import { OctavoError } from '../base/errors.ts';
import type { NodeDecision } from './decision.ts';

/** Parameters of one value, per tensor: real = scale * (q - zeroPoint). */
export interface ValueParams {
  readonly dtype: 'uint8' | 'int8';
  /** A float32. */
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Symmetric parameters of one node's weight. */
export interface WeightParams {
  readonly dtype: 'int8';
  /** Absent: one scale for the whole weight. */
  readonly axis?: number;
  /** float32 numbers, one an output channel (or one). */
  readonly scales: readonly number[];
}

export interface QuantPlan {
  readonly version: 1;
  readonly target: string;
  readonly method: string;
  /** With method `auto`: which one each group of values took, and why, by the first value of the group. */
  readonly choices?: Readonly<Record<string, string>>;
  readonly nodes: readonly NodeDecision[];
  /** By value name in the float graph (after fusion): what becomes codes, and with which parameters. */
  readonly values: Readonly<Record<string, ValueParams>>;
  /** By node name. */
  readonly weights: Readonly<Record<string, WeightParams>>;
  /** Constant operands of arithmetic operators, by value name. */
  readonly constants: Readonly<Record<string, ValueParams>>;
  /** Added to the bias of a node, one number an output channel (bias correction), by node name. */
  readonly biasShifts: Readonly<Record<string, readonly number[]>>;
}

/** What a table of the plan says of a name. Names come from files: one may be `constructor`. */
export function entryOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Canonical text: two-space JSON, the same bytes for the same plan. */
export function planToJson(plan: QuantPlan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** Reads a saved plan, checking every number that decides bytes. Throws FORMAT naming the first wrong entry. */
export function planFromJson(text: string, where: string): QuantPlan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badPlan(where, `not JSON: ${(cause as Error).message.replace(/\s+/g, ' ')}`, cause);
  }
  const plan = value as Partial<Record<keyof QuantPlan, unknown>>;
  if (typeof plan !== 'object' || plan === null || plan.version !== 1)
    throw badPlan(where, 'not an Octavo plan of version 1');
  for (const field of ['target', 'method'] as const)
    if (typeof plan[field] !== 'string') throw badPlan(where, `'${field}' is not a string`);
  if (!Array.isArray(plan.nodes)) throw badPlan(where, `'nodes' is not a list`);
  plan.nodes.forEach((node: Partial<NodeDecision> | null, i) => {
    if (
      typeof node?.name !== 'string' ||
      typeof node.op !== 'string' ||
      typeof node.reason !== 'string' ||
      !['quantized', 'merged', 'float'].includes(node.action as string)
    )
      throw badPlan(where, `nodes[${i}] needs name, op, reason, and an action of quantized, merged or float`);
  });
  if (plan.choices !== undefined)
    for (const [name, text] of entriesOf(plan.choices, 'choices', where))
      if (typeof text !== 'string') throw badPlan(where, `choices['${name}'] is not a string`);
  for (const field of ['values', 'constants'] as const)
    for (const [name, params] of entriesOf(plan[field], field, where))
      checkValue(params, `${field}['${name}']`, where);
  for (const [name, params] of entriesOf(plan.weights, 'weights', where))
    checkWeight(params, `weights['${name}']`, where);
  for (const [name, shifts] of entriesOf(plan.biasShifts, 'biasShifts', where))
    if (!Array.isArray(shifts) || !shifts.every(Number.isFinite))
      throw badPlan(where, `biasShifts['${name}'] is not a list of finite numbers`);
  return plan as QuantPlan;
}

function entriesOf(value: unknown, field: string, where: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badPlan(where, `'${field}' is not an object`);
  return Object.entries(value);
}

function checkValue(params: unknown, path: string, where: string): void {
  const { dtype, scale, zeroPoint } = (params ?? {}) as Partial<ValueParams>;
  if (dtype !== 'uint8' && dtype !== 'int8') throw badPlan(where, `${path}.dtype is not uint8 or int8`);
  if (!isScale(scale)) throw badPlan(where, `${path}.scale is not a positive float32`);
  const [lo, hi] = dtype === 'uint8' ? [0, 255] : [-128, 127];
  if (!Number.isInteger(zeroPoint) || zeroPoint! < lo || zeroPoint! > hi)
    throw badPlan(where, `${path}.zeroPoint is not an integer in [${lo}, ${hi}]`);
}

function checkWeight(params: unknown, path: string, where: string): void {
  const { dtype, axis, scales } = (params ?? {}) as Partial<WeightParams>;
  if (dtype !== 'int8') throw badPlan(where, `${path}.dtype is not int8`);
  if (axis !== undefined && (!Number.isInteger(axis) || axis < 0))
    throw badPlan(where, `${path}.axis is not an axis`);
  if (!Array.isArray(scales) || scales.length === 0 || !scales.every(isScale))
    throw badPlan(where, `${path}.scales is not a list of positive float32 numbers`);
}

function isScale(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) && Math.fround(value) === value;
}

function badPlan(where: string, what: string, cause?: unknown): OctavoError {
  return new OctavoError({
    code: 'FORMAT',
    where,
    what,
    remedy: 'Write the plan with --save-plan and change only what you mean to',
    cause,
  });
}
