/** Does the work and says how long it took, on standard output. */
export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  try {
    return await work();
  } finally {
    say(`${what}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  }
}

/** A line of the run's own, between those of the test runner. */
export function say(text: string): void {
  process.stdout.write(`  vm  ${text}\n`);
}
