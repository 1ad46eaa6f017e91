/** One reason why a lock file does not say, by itself, what a commit is built from. */
export interface LockFinding {
  /** The names that lead to it from the flake, like `nixpkgs` or `a/b`; null for the file itself. */
  readonly input: string | null;
  /** unlocked: what it stands for can change; impure: it stands for something of one machine. */
  readonly kind: 'unlocked' | 'impure';
  readonly why: string;
}

/**
 * All that keeps a flake.lock from being enough, empty for the locks that any Nix writes of inputs that are the same
 * everywhere. `text` null is a flake without a lock: only Nix can tell whether it needs one. Says nothing of inputs
 * that are not in the file, and never follows `follows`: what they lead to is in the file under its own name.
 */
export function lintLock(text: string | null, subdir: string): readonly LockFinding[] {
  if (text === null) return [];
  const lock = parsed(text);
  if (typeof lock === 'string') return [{ input: null, kind: 'unlocked', why: lock }];
  return walk(lock, subdir);
}

/** The parts of a path that are names; `.` and empty ones go. */
export function pathNames(path: string): readonly string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

type Values = ReadonlyMap<string, unknown>;

interface Lock {
  readonly nodes: Values;
  readonly root: string;
}

/** An input on the way; `base` is its directory within the tree it is part of. */
interface Visit {
  readonly names: readonly string[];
  readonly key: string;
  readonly from: readonly string[];
}

function parsed(text: string): Lock | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  const lock = values(json);
  const version = lock.get('version');
  if (version !== 5 && version !== 6 && version !== 7) return 'has a version other than 5, 6 and 7';
  const root = lock.get('root');
  const nodes = values(lock.get('nodes'));
  if (typeof root !== 'string' || !nodes.has(root)) return 'has no root node';
  return { nodes, root };
}

function walk({ nodes, root }: Lock, subdir: string): LockFinding[] {
  const bases = new Map([[root, pathNames(subdir)]]);
  const findings: LockFinding[] = [];
  const waiting = inputsOf(values(nodes.get(root)), [], pathNames(subdir));
  for (let visit = waiting.shift(); visit; visit = waiting.shift()) {
    const { names, key, from } = visit;
    if (bases.has(key)) continue;
    const node = values(nodes.get(key));
    const found = inspect(node, parentOf(node, { nodes, root }, bases) ?? from);
    const base = Array.isArray(found) ? found : [];
    bases.set(key, base);
    if ('why' in found) findings.push({ input: names.join('/'), ...found });
    waiting.push(...inputsOf(node, names, base));
  }
  return findings;
}

// A list instead of a name is `follows`.
function inputsOf(node: Values, names: readonly string[], from: readonly string[]): Visit[] {
  return [...values(node.get('inputs'))].flatMap(([name, key]) =>
    Array.isArray(key) ? [] : [{ names: [...names, name], key: String(key), from }],
  );
}

/** Nix since 2.26 writes which input a relative path is relative to. */
function parentOf(
  node: Values,
  { nodes, root }: Lock,
  bases: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const path = node.get('parent');
  if (!Array.isArray(path)) return undefined;
  const key = path.reduce<unknown>(
    (at, name) => values(values(nodes.get(String(at))).get('inputs')).get(String(name)),
    root,
  );
  return typeof key === 'string' ? bases.get(key) : undefined;
}

type Fault = Pick<LockFinding, 'kind' | 'why'>;

/** What is wrong with a node, or else the directory of its flake. */
function inspect(node: Values, from: readonly string[]): Fault | readonly string[] {
  const locked = lockedValues(node);
  if (locked === null) return unlocked('is not locked');
  const type = locked.get('type');
  if (type === 'path') return inspectPath(locked, from);
  if (type === 'indirect') return unlocked('is only a name that each machine looks up in its own registry');
  if (typeof type !== 'string') return unlocked('is locked to nothing that has a type');
  if (needsRev.has(type) && !isRev(locked.get('rev'))) return unlocked('is locked without a revision (rev)');
  // A revision is enough where the version control system proves the content by it; a forge only promises it.
  if (!provesByRev.has(type) && !isHash(locked.get('narHash')))
    return unlocked('is locked without the hash of its content (narHash)');
  const dir = locked.get('dir');
  return typeof dir === 'string' ? pathNames(dir) : [];
}

function inspectPath(locked: Values, from: readonly string[]): Fault | readonly string[] {
  const path = locked.get('path');
  if (typeof path !== 'string') return unlocked('is locked to no path');
  if (path.startsWith('/')) return impure(`is the path ${path} of one machine`);
  const base = join(from, pathNames(path));
  return base ?? impure(`is the path ${path}, which leads out of the repository`);
}

function join(from: readonly string[], names: readonly string[]): readonly string[] | null {
  const path = [...from];
  for (const name of names) {
    if (name !== '..') path.push(name);
    else if (path.pop() === undefined) return null;
  }
  return path;
}

// Up to version 5 the hash stood beside the rest; anything else there would be read in more than one way.
function lockedValues(node: Values): Values | null {
  const locked = values(node.get('locked'));
  const info = values(node.get('info'));
  const odd = [...info.keys()].some((name) => name !== 'narHash' && name !== 'lastModified');
  return locked.size === 0 || odd ? null : new Map([...info, ...locked]);
}

const provesByRev = new Set(['git', 'hg']);
const needsRev = new Set(['git', 'hg', 'github', 'gitlab', 'sourcehut']);

function isRev(value: unknown): boolean {
  return typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value);
}

function isHash(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^(?:sha256-[A-Za-z0-9+/]{43}=|sha256:(?:[0-9a-z]{52}|[0-9a-f]{64}))$/.test(value)
  );
}

// A map, because the file chooses the names.
function values(value: unknown): Values {
  const plain = typeof value === 'object' && value !== null && !Array.isArray(value);
  return new Map(plain ? Object.entries(value) : []);
}

function unlocked(why: string): Fault {
  return { kind: 'unlocked', why };
}

function impure(why: string): Fault {
  return { kind: 'impure', why };
}
