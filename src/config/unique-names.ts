import type { ConfigIssue } from './config-error.ts';
import { issueAt } from './issue-at.ts';
import { findPlaces } from './key-path.ts';
import type { Place } from './key-path.ts';

/** Issues for the entries of a list that have the name of an earlier one. */
export function findSharedNames({ path, value }: Place): readonly ConfigIssue[] {
  const names = findPlaces(value, '[].name').filter(({ value: name }) => typeof name === 'string');
  return names
    .filter(({ value: name }, index) => names.findIndex((other) => other.value === name) < index)
    .map((place) =>
      issueAt([...path, ...place.path], place.value, 'allowed is a name that no other entry has'),
    );
}
