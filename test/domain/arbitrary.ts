import * as fc from 'fast-check';
import { branchRoles } from '../../src/domain/remote.ts';
import { foreignSystem, newCommit, newSystem, oldCommit, oldSystem } from './example-view.ts';

/**
 * An arbitrary for each field of a type, those included that may be left out: a field that the type gains later is a type
 * error at `fc.record(...)` until it is generated too.
 */
export type EachOf<T> = { readonly [Field in keyof T]-?: fc.Arbitrary<Required<T>[Field]> };

export const commit = fc.constantFrom(oldCommit, newCommit);
export const toplevel = fc.constantFrom(oldSystem, newSystem, foreignSystem);
export const operation = fc.constantFrom('switch' as const, 'boot' as const, 'test' as const);
export const role = fc.constantFrom(...branchRoles);
export const bootId = fc.option(fc.constantFrom('boot-1', 'boot-2'));
export const person = fc.option(fc.constantFrom('ada', 'bob'));
export const time = fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-01T00:00:30.000Z');
export const specialisation = fc.option(fc.record({ name: fc.constantFrom('gaming', 'travel'), toplevel }), {
  freq: 8,
});

/** null in four of five views: what outweighs all else, where it is there, must leave room for the rest. */
export function seldom<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });
}
