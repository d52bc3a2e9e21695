/** Octavo's own arithmetic, browser-safe and apart: who only calibrates and quantizes need not load it. */
export type {
  Simulated,
  SimulatedLayer,
  SimulatedOutput,
  SimulatedSqnr,
  Simulation,
  SimulationOptions,
} from './analyse/simulate.ts';
export { simulate } from './analyse/simulate.ts';
export type { ReferenceEngineOptions } from './engines/interpreter/reference-engine.ts';
export { referenceEngine } from './engines/interpreter/reference-engine.ts';
