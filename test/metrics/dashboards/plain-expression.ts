/** What stands for Grafana's variables; the rate interval should hold at least four scrapes. */
export interface Filling {
  readonly rate: string;
  readonly range: string;
  /** A regular expression; all, if it is left out. */
  readonly instance?: string;
}

/** An expression as Prometheus takes it, with Grafana's variables filled in. */
export function plainExpression(expr: string, { rate, range, instance = '.+' }: Filling): string {
  return expr
    .replaceAll('$__rate_interval', rate)
    .replaceAll('$__range', range)
    .replaceAll('$job', '.+')
    .replaceAll('$instance', instance);
}
