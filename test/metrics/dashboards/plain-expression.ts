/** An expression as Prometheus takes it, with Grafana's variables filled in; `every` is the scrape's own `[4 times]` span. */
export function plainExpression(
  expr: string,
  every: { readonly rate: string; readonly range: string },
): string {
  return expr
    .replaceAll('$__rate_interval', every.rate)
    .replaceAll('$__range', every.range)
    .replaceAll('$job', '.+')
    .replaceAll('$instance', '.+');
}
