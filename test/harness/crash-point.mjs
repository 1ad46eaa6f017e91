// Preloaded into the built daemon by a test (NODE_OPTIONS=--import), so that the product has no code for it. Tells everything
// that a deployment does to the world as a *point*: each write of journal and witness, each file put in place or removed,
// each child started. Points are appended to CRASH_DIR/trace, and at the one that CRASH_DIR/order names the process kills
// itself, right before or right after, or fills the file systems that the order names. CRASH_DIR/clock shifts the wall clock by
// the milliseconds it holds.
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';

const real = { ...fs, promises: { ...fs.promises } };
const home = process.env['CRASH_DIR'] ?? '/nonexistent';
const lab = dirname(home);
/** The deployment as journalled last, and how often each point of it was passed. */
let running = null;
let seen = new Map();
let state = null;
/** Whether the last write of the journal told something new; the witness is written right after it. */
let news = false;

const around = (label, act) => {
  if (label === null || running === null) return act();
  const times = (seen.get(label) ?? 0) + 1;
  seen.set(label, times);
  const point = `${label} #${times}`;
  reach(`before ${point}`);
  const result = act();
  if (!(result instanceof Promise)) {
    reach(`after ${point}`);
    return result;
  }
  return result.then((value) => {
    reach(`after ${point}`);
    return value;
  });
};

function reach(point) {
  real.mkdirSync(home, { recursive: true });
  real.appendFileSync(join(home, 'trace'), `${running.commit} ${point}\n`);
  const order = orderNow();
  if (order === null || order.notIn === running.id || order.point !== point) return;
  real.renameSync(join(home, 'order'), join(home, 'done'));
  if (order.fill) order.fill.forEach(fill);
  else if (order.clock) real.writeFileSync(join(home, 'clock'), String(order.clock));
  else process.kill(process.pid, 'SIGKILL');
}

function orderNow() {
  try {
    return JSON.parse(real.readFileSync(join(home, 'order'), 'utf8'));
  } catch {
    return null;
  }
}

/** A write is a point of its own when it says something new of the deployment; polls and clocks write, too. */
function journalled(text) {
  const { deployment, deployments, probation, quarantine } = JSON.parse(text).facts;
  const [ended] = deployments;
  if (deployment && running?.id !== deployment.id) {
    running = { id: deployment.id, commit: deployment.commit };
    seen = new Map();
  }
  if (running === null || (deployment === null && ended?.id !== running.id)) return null;
  const now = JSON.stringify([
    deployment,
    probation?.clock && [probation.clock.steadySince !== null],
    quarantine.length,
  ]);
  news = now !== state;
  if (!news) return null;
  state = now;
  return `journal ${deployment?.step ?? 'ended'}`;
}

const short = (word) =>
  String(word)
    .replaceAll(running?.id ?? '\0', 'ID')
    .replaceAll(`${lab}/`, '')
    .replaceAll(/nix\/store\/\w{32}-/g, '')
    // Named by what it holds.
    .replaceAll(/nixos-[0-9a-f]{16}\.conf/g, 'ENTRY');

function renamed(from, to) {
  const name = basename(String(to));
  if (name === 'journal.json') return journalled(real.readFileSync(from, 'utf8'));
  if (name === 'witness.json') return news ? `witness after ${stepOf(state)}` : null;
  if (name === 'journal.previous.json' || !running || !String(to).startsWith(`${lab}/`)) return null;
  return short(to).startsWith('state/repo') ? null : `put ${short(to)}`;
}

const stepOf = (text) => JSON.parse(text)[0]?.step ?? 'ended';

// Polls and their verification go on beside a deployment.
const besides = /^(git|prlimit|nix|nix-store|ssh|ssh-keygen|gpg|gpgv)$/;

function started(file, args) {
  if (running === null || [file, ...(args ?? [])].some((word) => besides.test(basename(String(word)))))
    return null;
  return `start ${[basename(String(file)), ...(args ?? [])].map(short).join(' ')}`
    .replaceAll('\n', ' ')
    .slice(0, 120);
}

/** Takes all the room that is left on a file system: the bytes, and what new names need. */
function fill(dir) {
  real.mkdirSync(join(dir, 'filler'), { recursive: true });
  const file = real.openSync(join(dir, 'filler/bytes'), 'w');
  untilFull(() => real.writeSync(file, Buffer.alloc(4096)));
  real.closeSync(file);
  let names = 0;
  untilFull(() => real.closeSync(real.openSync(join(dir, 'filler', String((names += 1))), 'w')));
}

function untilFull(take) {
  try {
    for (;;) take();
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  }
}

fs.renameSync = (from, to) => around(renamed(from, to), () => real.renameSync(from, to));
fs.promises.rename = (from, to) => around(renamed(from, to), () => real.promises.rename(from, to));
fs.promises.rm = (path, options) => {
  const isOurs = running && String(path).startsWith(lab) && !basename(String(path)).startsWith('.');
  return around(isOurs ? `remove ${short(path)}` : null, () => real.promises.rm(path, options));
};
const { spawn } = childProcess;
childProcess.spawn = (file, args, options) => around(started(file, args), () => spawn(file, args, options));
syncBuiltinESMExports();

const RealDate = Date;
const shift = () => {
  try {
    return Number(real.readFileSync(join(home, 'clock'), 'utf8'));
  } catch {
    return 0;
  }
};
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shift());
    else super(...args);
  }
  static now() {
    return RealDate.now() + shift();
  }
};
