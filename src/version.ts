/** The package's version, put in by the build; running from source (tests, Node's type stripping) says so. */
declare const OCTAVO_VERSION: string | undefined;
export const version: string = typeof OCTAVO_VERSION === 'string' ? OCTAVO_VERSION : '0.0.0-source';
