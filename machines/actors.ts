import type { Ancestry } from '../src/domain/ancestry.ts';
import type { LoaderInstalled } from '../src/domain/boot-once.ts';
import type { CheckSeen } from '../src/domain/check.ts';
import type { CommitId } from '../src/domain/commit.ts';
import type { Deployment, SwitchResult, WentBack } from '../src/domain/deployment.ts';
import type { Evaluation } from '../src/domain/evaluation.ts';
import type { HookOrder, HookResult } from '../src/domain/hook.ts';
import type { Inspection } from '../src/domain/inspection.ts';
import type { Observed } from '../src/domain/observed.ts';
import type { Comparison } from '../src/domain/preflight.ts';
import type { Probe, ProbeOrder } from '../src/domain/probe.ts';
import type { Target } from '../src/domain/target.ts';
import { missing } from './missing.ts';
import { observerMachine } from './observer.ts';
import type { Planned } from './planned.ts';
import { remoteMachine } from './remote.ts';

/** The reconciler's effects by name, as placeholders that the composition root replaces. */
export const actors = {
  remote: remoteMachine,
  observer: observerMachine,
  assess: missing<Ancestry, readonly CommitId[]>('assess'),
  evaluate: missing<Evaluation, Target>('evaluate'),
  realise: missing<Inspection, Planned>('realise'),
  prepare: missing<readonly CheckSeen[] | null, Deployment>('prepare'),
  compare: missing<Comparison, Deployment>('compare'),
  check: missing<void, Deployment>('check'),
  arm: missing<string | null, Deployment>('arm'),
  activate: missing<SwitchResult, Deployment>('activate'),
  look: missing<Observed, Deployment>('look'),
  probe: missing<Probe, ProbeOrder>('probe'),
  review: missing<readonly CheckSeen[], ProbeOrder>('review'),
  setProfile: missing<void, Deployment>('setProfile'),
  installLoader: missing<LoaderInstalled, Deployment>('installLoader'),
  finish: missing<Observed, Deployment>('finish'),
  handOver: missing<void, Deployment>('handOver'),
  disarm: missing<void, Deployment>('disarm'),
  restore: missing<Observed, Deployment>('restore'),
  rollBack: missing<WentBack, Deployment>('rollBack'),
  reboot: missing<void, Deployment>('reboot'),
  admit: missing<HookResult, HookOrder>('admit'),
  runHook: missing<HookResult, HookOrder>('runHook'),
};
