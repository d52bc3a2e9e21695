/** Octavo on Node: files, folders of images, onnxruntime-node; everything of `octavo` as well. */
export * from './index.ts';
