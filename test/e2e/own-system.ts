import { program } from '../harness/daemon.ts';
import type { Lab } from './alpha-lab.ts';

/** A text as Nix writes it between two single quotes. */
const quoted = (text: string) => `''${text.replaceAll("''", "'''").replaceAll('${', "''${")}''`;

/** The text of an `abide.service` on an imitation host that starts the built program, or another one. */
export function unitText(lab: Lab, start = `${process.execPath} ${program}`): string {
  return `[Service]\nExecStart=${start} run --config ${lab.host.root}/etc/abide/config.yaml\nRestart=always`;
}

/** What a release says to carry abide itself: its unit, and a configuration that differs from the lab's in `changes`. */
export function carrying(
  lab: Lab,
  changes: Readonly<Record<string, unknown>> = {},
  unit = unitText(lab),
): string {
  const config = JSON.stringify({ ...lab.daemon.config, ...changes }, null, 1);
  return `abideUnit = ${quoted(unit)}; abideConfig = ${quoted(config)};`;
}
