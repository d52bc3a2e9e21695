/** The assembler: typed expressions, functions and modules to WebAssembly's bytes, and back to text for people. */
export { disassemble } from './disassemble.ts';
export type { Expression, ValueType } from './expression.ts';
export { f32, f32x4, f64, f64x2, i8x16, i16x8, i32, i32x4, i64, ops, select, v128 } from './expression.ts';
export type { Callable, FunctionBody, Label, Local } from './function.ts';
export { call, tee } from './function.ts';
export type { Global, MemoryLimits } from './module.ts';
export { ModuleBuilder } from './module.ts';
