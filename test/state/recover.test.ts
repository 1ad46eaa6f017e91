import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import { createJournal } from '../../src/state/journal.ts';
import { recover, type Remains } from '../../src/state/recover.ts';
import { createWitness } from '../../src/state/witness.ts';
import { commitOf, exampleContent, exampleFacts } from './example-facts.ts';

const now = Date.parse('2026-01-02T03:04:05.678Z');
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'abide-recover-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const journal = (at = now) => createJournal({ dir, now: () => at });
const witness = (at = now) => createWitness({ dir, now: () => at });
const lose = (name: 'journal' | 'witness') => rmSync(join(dir, `${name}.json`));
const damage = (name: 'journal' | 'witness') => writeFileSync(join(dir, `${name}.json`), '{');
const keep = (facts: Facts = exampleFacts) => {
  journal().write({ ...exampleContent, facts });
  witness().write(facts);
};
const recovered = (more: Partial<Remains> = {}) =>
  recover({
    journal: journal().read(),
    witness: witness().read(),
    mirrorExists: true,
    configAnchor: null,
    configurationRevision: null,
    booted: null,
    hasCommit: () => Promise.resolve(false),
    now,
    ...more,
  });
const has = (commit: string) => (asked: string) => Promise.resolve(asked === commit);

test('without journal, witness and mirror the host is fresh', async () => {
  expect(await recovered({ mirrorExists: false })).toEqual({
    facts: noFacts,
    events: [],
    nextEventId: 1,
    counters: {},
    conditions: [],
    recovery: { kind: 'fresh', messages: [] },
  });
});

test('with everything there, the journal is what counts', async () => {
  keep();
  const { facts, events, nextEventId, counters, conditions, recovery } = await recovered();
  expect({ facts, events, nextEventId, counters, conditions }).toEqual(exampleContent);
  expect(recovery.kind).toBe('loaded');
});

test('a missing witness or mirror is said and does not change the facts', async () => {
  keep();
  lose('witness');
  const { facts, recovery } = await recovered({ mirrorExists: false });
  expect(facts).toEqual(exampleFacts);
  expect(recovery.kind).toBe('loaded');
  expect(recovery.messages.join('\n')).toMatch(/witness is missing[^]*mirror is missing/);
});

describe.each(['missing', 'damaged', 'newer'] as const)('with a journal that is %s', (how) => {
  const spoil = () => {
    if (how === 'missing') lose('journal');
    if (how === 'damaged') damage('journal');
    if (how === 'newer') {
      writeFileSync(join(dir, 'journal.json'), JSON.stringify({ kind: 'AbideJournal', version: '2.0' }));
    }
  };

  test('floor and quarantine come from the witness, also when the mirror is gone', async () => {
    keep();
    spoil();
    const { facts, recovery } = await recovered({ mirrorExists: false, configAnchor: commitOf('e') });
    expect(facts.floor).toEqual(exampleFacts.floor);
    expect(facts.quarantine).toMatchObject([{ commit: commitOf('c'), toplevel: '/nix/store/c-system' }]);
    expect(facts.hold).toBeNull();
    expect(recovery.kind).toBe('recovered');
    expect(recovery.messages.join('\n')).toContain('had not ended');
  });

  test('and no witness, the running system says the floor, if the mirror has its commit', async () => {
    keep();
    spoil();
    lose('witness');
    const more = {
      configAnchor: commitOf('e'),
      configurationRevision: commitOf('d'),
      hasCommit: has(commitOf('d')),
    };
    const { facts, recovery } = await recovered(more);
    expect(facts.floor).toEqual({ commit: commitOf('d'), payloadHash: null });
    expect(recovery.kind).toBe('recovered');
  });

  test('and no witness, a revision that the mirror does not have gives way to the anchor', async () => {
    keep();
    spoil();
    damage('witness');
    const { facts, recovery } = await recovered({
      configAnchor: commitOf('e'),
      configurationRevision: commitOf('d'),
    });
    expect(facts.floor?.commit).toBe(commitOf('e'));
    expect(recovery).toMatchObject({ kind: 'recovered' });
  });

  test('and nothing else, the host holds and says what to do', async () => {
    keep();
    spoil();
    damage('witness');
    const { facts, recovery } = await recovered({ configurationRevision: `${commitOf('d')}-dirty` });
    expect(facts.floor).toBeNull();
    expect(facts.hold).toMatchObject({ since: '2026-01-02T03:04:05.678Z' });
    expect(facts.hold?.reason).toContain('abide accept COMMIT --reason TEXT');
    expect(recovery.kind).toBe('held');
  });

  test('and a witness without a floor, the host holds but keeps the quarantine', async () => {
    keep({ ...exampleFacts, floor: null });
    spoil();
    const { facts, recovery } = await recovered();
    expect(recovery.kind).toBe('held');
    expect(facts.quarantine).toHaveLength(1);
  });
});

test('a mirror alone is lost state, not a fresh host', async () => {
  expect((await recovered()).recovery.kind).toBe('held');
});

test('a damaged witness alone is lost state, not a fresh host', async () => {
  damage('witness');
  expect((await recovered({ mirrorExists: false })).recovery.kind).toBe('held');
});

test('the hold survives restarts until a person ends it', async () => {
  const { facts } = await recovered();
  keep(facts);
  expect((await recovered()).recovery.kind).toBe('held');
  lose('journal');
  expect((await recovered()).recovery.kind).toBe('held');
});

describe('where journal and witness differ', () => {
  test('their quarantines are united', async () => {
    keep();
    const other = { ...exampleFacts.quarantine[0]!, commit: commitOf('9') };
    witness().write({ ...exampleFacts, quarantine: [other] });
    const { facts } = await recovered();
    expect(facts.quarantine.map(({ commit }) => commit)).toEqual([commitOf('c'), commitOf('9')]);
  });

  test("a journal without floor takes the witness's", async () => {
    keep();
    journal().write({ ...exampleContent, facts: { ...exampleFacts, floor: null } });
    const { facts, recovery } = await recovered();
    expect(facts.floor).toEqual(exampleFacts.floor);
    expect(recovery.kind).toBe('recovered');
  });

  test('the floor is that of the journal when it was written last', async () => {
    witness(now - 1000).write({ ...exampleFacts, floor: { commit: commitOf('1'), payloadHash: null } });
    journal().write(exampleContent);
    const { facts, recovery } = await recovered();
    expect(facts.floor?.commit).toBe(commitOf('a'));
    expect(recovery.kind).toBe('loaded');
  });

  test('an old journal that was put back does not lower the floor', async () => {
    journal(now - 1000).write(exampleContent);
    witness().write({ ...exampleFacts, floor: { commit: commitOf('2'), payloadHash: null } });
    const { facts, recovery } = await recovered();
    expect(facts.floor?.commit).toBe(commitOf('2'));
    expect(recovery.kind).toBe('recovered');
    expect(recovery.messages.join('\n')).toContain('older than the witness');
  });
});

test('what was booted is no proof while the witness says that its own probation had not ended', async () => {
  const pending = exampleFacts.deployment!;
  keep();
  lose('journal');
  expect((await recovered({ booted: pending.toplevel })).facts.bootProven).toEqual([]);
  expect((await recovered({ booted: '/nix/store/other' })).facts.bootProven).toBeNull();
});
