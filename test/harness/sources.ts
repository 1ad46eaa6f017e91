import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, with a slash at its end. */
export const top = fileURLToPath(new URL('../../', import.meta.url));

/** One TypeScript file of the project, read as text: there is no parser here, only patterns. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** The text with every comment blanked, its lines kept. */
  readonly code: string;
}

/** One import or re-export; `type` is what leaves nothing behind at run time. */
export interface Import {
  readonly source: Source;
  readonly line: number;
  readonly kind: 'value' | 'type' | 'dynamic';
  readonly specifier: string;
}

/** Every TypeScript file under the given directories of the checkout, in order of path. */
export function readSources(roots: readonly string[]): Source[] {
  return roots.flatMap(typescriptFiles).map((path) => sourceOf(path, readFileSync(join(top, path), 'utf8')));
}

/** A source from text at hand; `path` is relative to the checkout. */
export function sourceOf(path: string, text: string): Source {
  return { path, text, code: withoutComments(text) };
}

const importStatement = /^(import|export)(\s+type\b)?(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"\n]+)\3/gm;
const importCall = /(\btypeof\s+)?\bimport\(\s*(['"])([^'"\n]+)\2/g;

/** All imports of a file in order of line: statements, re-exports, `import()` and `typeof import()`. */
export function importsOf(source: Source): Import[] {
  const statements = [...source.code.matchAll(importStatement)].map((match) => ({
    source,
    line: lineAt(source.code, match.index),
    kind: match[2] === undefined ? ('value' as const) : ('type' as const),
    specifier: match[4] ?? '',
  }));
  const calls = [...source.code.matchAll(importCall)].map((match) => ({
    source,
    line: lineAt(source.code, match.index),
    kind: match[1] === undefined ? ('dynamic' as const) : ('type' as const),
    specifier: match[3] ?? '',
  }));
  return [...statements, ...calls].toSorted((a, b) => a.line - b.line);
}

/** The line, from 1, of a position in a text. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function typescriptFiles(root: string): string[] {
  if (!existsSync(join(top, root))) return [];
  return readdirSync(join(top, root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${root}/${path}`)
    .toSorted();
}

// Strings and patterns are matched first, so that a `//` in one of them begins no comment.
const literalOrComment =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[=(,:[!&|?{;]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/|\/\/.*|\/\*[\s\S]*?\*\//g;

function withoutComments(text: string): string {
  return text.replace(literalOrComment, (match) =>
    match.startsWith('//') || match.startsWith('/*') ? match.replace(/[^\n]/g, ' ') : match,
  );
}
