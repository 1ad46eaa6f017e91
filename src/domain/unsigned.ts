/** What it means that nothing from these URLs has to be signed; one wording for the configuration and for the status. */
export function unsignedText(urls: readonly string[]): string {
  return `UNSIGNED: anyone who can push to ${urls.join(', ')} is root on this host`;
}
