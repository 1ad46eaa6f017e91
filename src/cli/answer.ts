import { shortId } from '../domain/commit.ts';

/** What a confirm or reject was about; no deployment: a commit before its activation. */
export interface Answered {
  readonly commit: string;
  readonly deployment: string | null;
}

/** It by its ids, for people. */
export function answerText({ commit, deployment }: Answered): string {
  return deployment ? `deployment ${deployment} of ${shortId(commit)}` : shortId(commit);
}
