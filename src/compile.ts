/** INT8 models to WebAssembly, browser-safe and apart: who only calibrates and quantizes need not load the compiler. */
export type { CompiledModel, CompileOptions } from './compile/compile.ts';
export { compileModel } from './compile/compile.ts';
export type { CompileInProcessOptions } from './compile/in-process.ts';
export { compileInProcess } from './compile/in-process.ts';
