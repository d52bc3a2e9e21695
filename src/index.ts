/** Octavo's public API, browser-safe: what is exported here is a promise. */
export { OctavoError } from './base/errors.ts';
export { version } from './version.ts';
