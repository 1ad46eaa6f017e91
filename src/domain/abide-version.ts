declare const __ABIDE_VERSION__: string | undefined;

/** The version in package.json, put in by the build; sources that are run as they are say so. */
export const abideVersion = typeof __ABIDE_VERSION__ === 'string' ? __ABIDE_VERSION__ : '0.0.0-source';
