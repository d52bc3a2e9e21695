/** Images to tensors, browser-safe: give decoded pixels, get what the model eats. */
export * from './image-input.ts';
export * from './letterbox.ts';
export * from './normalize.ts';
export * from './pixel-image.ts';
export * from './preprocess.ts';
export * from './presets.ts';
export * from './resize.ts';
