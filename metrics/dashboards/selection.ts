/** What of everything a dashboard looks at: its job and its instances, and more matchers where they are given. */
export function selected(...more: readonly string[]): string {
  return ['job=~"$job"', 'instance=~"$instance"', ...more].join(',');
}

/** The first eight letters of a commit as a label of another name, because a table's columns are told apart by it. */
export function shortCommit(selector: string, label: string): string {
  return `label_replace(${selector}, "${label}", "$1", "commit", "(.{1,8}).*")`;
}
