import type * as z from 'zod';
import { check } from './body.ts';
import { Failure } from './failure.ts';

/** What stands behind the `?` of a request, checked; nothing at all counts as `{}`. Throws Failure 400. */
export function readQuery<T extends z.ZodType>(url: string | undefined, schema: T): z.output<T> {
  const params = new URLSearchParams((url ?? '').split('?').slice(1).join('?'));
  const names = [...params.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Failure(400, 'bad_request', `${JSON.stringify(twice.slice(0, 100))} is given twice`);
  }
  return check(Object.fromEntries(params), schema);
}
