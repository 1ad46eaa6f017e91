import { spawn } from 'node:child_process';

const running = new Set();
let interrupted = false;

/**
 * Runs one child in a process group of its own and gives `{ code, output }`; never throws for an exit code.
 * `show` hands its output to the terminal at once instead of keeping it. Past `timeoutMs` the group is ended and
 * `code` is null. Signals that end this program end every child first.
 */
export function runChild(file, args, { cwd, env = process.env, timeoutMs = 600_000, show = false } = {}) {
  return new Promise((resolve) => {
    const stdio = ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'];
    const child = spawn(file, args, { cwd, env, stdio, detached: true });
    const chunks = [];
    const note = (text) => chunks.push(Buffer.from(`${text}\n`));
    running.add(child);
    const timer = setTimeout(() => {
      note(`${file} was ended: it ran longer than ${timeoutMs / 1000} s`);
      endGroup(child);
    }, timeoutMs);
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const settle = (code) => {
      clearTimeout(timer);
      running.delete(child);
      // An interrupted program has no use for half an answer; it exits as soon as its children are gone.
      if (!interrupted) resolve({ code, output: Buffer.concat(chunks).toString('utf8') });
    };
    child.once('error', (error) => {
      note(`${file} could not be started: ${error.message}`);
      settle(null);
    });
    child.once('close', (code) => settle(code));
  });
}

function endGroup(child) {
  signalGroup(child, 'SIGTERM');
  setTimeout(() => signalGroup(child, 'SIGKILL'), 5000).unref();
}

function signalGroup(child, signal) {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // The group has gone already.
  }
}

async function endAll(signal) {
  interrupted = true;
  for (const child of running) signalGroup(child, 'SIGTERM');
  for (let waited = 0; running.size > 0 && waited < 5000; waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const child of running) signalGroup(child, 'SIGKILL');
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => void endAll(signal));
