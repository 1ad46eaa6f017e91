import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** The test's hands in a guest. */
export interface Agent {
  /** True once it is up. */
  readonly ready: (withinMs: number) => Promise<boolean>;
  /** null when the guest does not answer. */
  readonly run: (script: string, timeoutMs: number) => Promise<{ code: number; output: string } | null>;
  readonly close: () => void;
}

/** The other end of guest/agent.sh; one command at a time. Throws when QEMU does not open the socket. */
export async function connectAgent(path: string): Promise<Agent> {
  const socket = await connected(path);
  socket.on('error', () => undefined);
  const waiting = new Map<string, (line: readonly string[]) => void>();
  createInterface({ input: socket }).on('line', (line) => {
    const [id = '', ...words] = line.split(' ');
    waiting.get(id)?.(words);
  });
  const answerTo = (id: string, withinMs: number) =>
    new Promise<readonly string[] | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), withinMs);
      waiting.set(id, (words) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(words);
      });
    });
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;
  const ask = async (script: string, timeoutMs: number) => {
    const id = String((count += 1));
    const words = answerTo(id, timeoutMs + slackMs);
    socket.write(`${id} ${Math.ceil(timeoutMs / 1000)} ${Buffer.from(script).toString('base64')}\n`);
    const answer = await words;
    if (answer === null) return null;
    return {
      code: Number(answer[0]),
      output: Buffer.from(answer[1] ?? '', 'base64')
        .toString('utf8')
        .trim(),
    };
  };
  return {
    ready: async (withinMs) => (await answerTo('ready', withinMs)) !== null,
    run: (script, timeoutMs) => {
      const answer = last.then(() => ask(script, timeoutMs));
      last = answer;
      return answer;
    },
    close: () => socket.destroy(),
  };
}

/** For an answer, beside the time limit that the guest itself keeps by its slower clock, in milliseconds. */
const slackMs = 6 * 60_000;

async function connected(path: string): Promise<Socket> {
  for (let tries = 0; ; tries += 1) {
    const socket = createConnection(path);
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return socket;
    if (tries >= 100) throw new Error(`QEMU does not open ${path}`);
    await sleep(100);
  }
}
