import type { Config } from '../config/schema.ts';
import type { Log } from '../domain/log.ts';
import { localPath } from '../git/remote-source.ts';
import { watchRepository } from '../git/watch.ts';

/** Watches the remotes that are repositories on this machine; `onMoved` gets a remote's name. The result ends it. */
export function watchLocalRemotes(
  remotes: Config['source']['remotes'],
  onMoved: (remote: string) => void,
  log: Log,
): () => void {
  const watches = remotes.flatMap(({ name, url, watch }) => {
    const path = localPath(url);
    if (!watch || path === null) return [];
    return [watchRepository({ path, onChange: () => onMoved(name), log })];
  });
  return () => {
    for (const watch of watches) watch.close();
  };
}
