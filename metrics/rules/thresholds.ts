/** What a fleet's configuration says of time, in seconds; of different hosts the longest of each. */
export interface Periods {
  /** Between two polls of a remote. */
  readonly poll: number;
  /** Between two looks at the host. */
  readonly look: number;
  /** The time limits of one way from commit to committed system, added up. */
  readonly run: number;
}

/** When a rule speaks; durations in seconds. */
export interface Thresholds {
  /** How long a state must last where one scrape could mislead. */
  readonly settle: number;
  /** How long an alert is kept while its host tells nothing, as in a reboot, or told of its end. */
  readonly keep: number;
  readonly targetDown: number;
  readonly loopStuck: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Without a pause on the way to the desired commit. */
  readonly notConverged: number;
  readonly oneRemoteStale: number;
  readonly allRemotesStale: number;
  /** Laptops sleep and travel. */
  readonly laptopRemotesStale: number;
  /** How long a dead-man that fired is told. */
  readonly deadManTold: number;
  readonly suspended: number;
  readonly testing: number;
  readonly waiting: number;
  readonly reboot: number;
  /** Share of a job's hosts, and how many at least. */
  readonly fleetShare: number;
  readonly fleetHosts: number;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** The periods of a configuration that leaves all of them at their defaults. */
export const defaultPeriods: Periods = { poll: minute, look: 30, run: 5 * hour + 6 * minute };

/** Thresholds that no host reaches by working as it is told to. */
export function thresholdsFor({ poll, look, run }: Periods): Thresholds {
  const stale = Math.max(hour, 20 * poll);
  return {
    settle: 5 * minute,
    keep: 5 * minute,
    targetDown: 15 * minute,
    loopStuck: Math.max(10 * minute, 20 * look),
    failures: 3,
    notConverged: Math.ceil((run + 2 * poll) / hour) * hour,
    oneRemoteStale: stale,
    allRemotesStale: 2 * stale,
    laptopRemotesStale: 14 * day,
    deadManTold: day,
    suspended: 2 * day,
    testing: 3 * day,
    waiting: 8 * day,
    reboot: 7 * day,
    fleetShare: 0.1,
    fleetHosts: 2,
  };
}
