/** Nix settings by name as arguments; the last of equal names counts, so callers put what must hold at the end. */
export function nixOptions(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['--option', name, value]);
}
