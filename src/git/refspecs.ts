import type { BranchRole } from '../domain/remote.ts';
import { incomingRef } from './refs.ts';
import type { RemoteSource } from './remote-source.ts';

/**
 * The refspecs of a poll, one list for each `git fetch`: usually one.
 *
 * An exact refspec of a branch that is not there fails the whole fetch, and asking first costs another request. A
 * refspec with a pattern does neither, but takes every branch that begins with the name. So each byte that can follow
 * the name is excluded by a negative refspec: what is left is the exact branch. The server is asked for the same
 * prefixes as with exact refspecs (the same bytes), nothing of other branches is fetched, no ref of theirs is written,
 * and `main/x` in place of `main` is simply no `main`. Measured with 100 000 refs below the prefix: 0.18 s, where an
 * exact refspec takes 0.10 s and the bare pattern 4.8 s and as many files. Negative refspecs hold for the whole
 * command; where one branch's name begins with the other's, they would hide it, and each gets a fetch of its own.
 */
export function refspecs(remote: RemoteSource): string[][] {
  const wanted = (['main', 'testing'] as const).flatMap((role) => {
    const rule = remote[role];
    return rule === null ? [] : [{ role, name: rule.name }];
  });
  const groups = overlap(wanted.map(({ name }) => name)) ? wanted.map((one) => [one]) : [wanted];
  return groups
    .filter((group) => group.length > 0)
    .map((group) => group.flatMap(({ role, name }) => exactBranch(remote.name, role, name)));
}

function exactBranch(remote: string, role: BranchRole, branch: string): string[] {
  const exclusions = following.map((byte) => `^refs/heads/${latin1(branch)}${byte}*`);
  return [`+refs/heads/${latin1(branch)}*:${incomingRef(remote, role)}*`, ...exclusions];
}

// Every byte git allows in a ref, as one character each: the list goes to git as latin1, byte for byte.
const following = Array.from({ length: 0xff - 0x20 }, (_, index) => String.fromCharCode(0x21 + index)).filter(
  (byte) => !'~^:?*[\\\u007f'.includes(byte),
);

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function overlap(names: readonly string[]): boolean {
  return names.some((name, index) =>
    names.some((other, at) => at !== index && other !== name && other.startsWith(name)),
  );
}
