import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';

/** A JSON file of ours as found; `damaged` is also what cannot be read, and never the same as missing. */
export type Reading =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'parsed'; readonly value: unknown }
  | { readonly kind: 'damaged'; readonly problem: Problem };

/** Reads and parses one file; never throws. */
export function readDocument(path: string): Reading {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'fresh' };
    return { kind: 'damaged', problem: damaged(path, `cannot be read: ${messageOf(error)}`, error) };
  }
  try {
    return { kind: 'parsed', value: JSON.parse(text) };
  } catch (error) {
    const what = text === '' ? 'is empty' : 'is not JSON';
    return { kind: 'damaged', problem: damaged(path, what, error) };
  }
}

/** Says that a file is not what it must be: Problem `journal_damaged`, final for this file. */
export function damaged(path: string, what: string, cause?: unknown): Problem {
  const message = `${path} ${what}; it is kept aside and abide goes on from what else it knows`;
  return new Problem('journal_damaged', message, {
    retry: 'never',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The first thing a schema found wrong, with its place. */
export function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  if (!issue) return 'has the wrong form';
  const place = issue.path.length === 0 ? 'the document' : issue.path.map(String).join('.');
  return `has the wrong form: ${plainText(place, 200)}: ${plainText(issue.message, 200)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? plainText(error.message) : String(error);
}
