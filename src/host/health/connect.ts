import { connect as open } from 'node:net';

/** Connects and hangs up; null when the port accepted, else why it did not. */
export function connect(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = open({ host, port });
    const end = (answer: string | null) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(answer);
    };
    const onAbort = () => end(`no answer from ${host} port ${port} in time`);
    socket.once('connect', () => end(null));
    socket.on('error', (error) => end(error.message || `${host} port ${port} cannot be reached`));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
