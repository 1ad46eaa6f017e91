import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** A Mermaid `stateDiagram-v2` of a machine, the same text every time; the docs are made of it. */
export function mermaid(machine: AnyStateMachine): string {
  return `${['stateDiagram-v2', ...statesIn(machine.root, 1), ...transitionsIn(machine.root)].join('\n')}\n`;
}

function statesIn(node: AnyStateNode, depth: number): string[] {
  const pad = '  '.repeat(depth);
  const initial =
    node.type === 'compound' ? node.initial.target.map((to) => `${pad}[*] --> ${nameOf(to)}`) : [];
  const children = Object.values(node.states).flatMap((child, index) => [
    ...(node.type === 'parallel' && index > 0 ? [`${pad}--`] : []),
    ...stateLines(child, depth),
  ]);
  return [...initial, ...children];
}

function stateLines(node: AnyStateNode, depth: number): string[] {
  const pad = '  '.repeat(depth);
  const head = `${pad}state "${node.key}" as ${nameOf(node)}`;
  if (Object.keys(node.states).length === 0) return [head];
  return [`${head} {`, ...statesIn(node, depth + 1), `${pad}}`];
}

function transitionsIn(node: AnyStateNode): string[] {
  const events = [...node.transitions].flatMap(([event, list]) =>
    list.map((transition) => ({ event, transition })),
  );
  const eventless = (node.always ?? []).map((transition) => ({ event: '', transition }));
  const own = [...eventless, ...events].flatMap(({ event, transition }) =>
    (transition.target ?? []).map((to) => `  ${nameOf(node)} --> ${nameOf(to)}${labelOf(event, transition)}`),
  );
  return [...own, ...Object.values(node.states).flatMap(transitionsIn)];
}

function nameOf(node: AnyStateNode): string {
  return node.path.join('_') || node.key;
}

function labelOf(event: string, transition: AnyTransitionDefinition): string {
  const words = [triggerOf(event), guardOf(transition.guard)].filter((word) => word !== '');
  return words.length === 0 ? '' : ` : ${words.join(' ')}`;
}

/** `xstate.done.actor.build` reads as `build done`, `xstate.after.gate.machine.state` as `after gate`. */
function triggerOf(event: string): string {
  const [, kind = '', , ...id] = event.split('.');
  if (event.startsWith('xstate.after.')) return `after ${event.split('.')[2]}`;
  if (event.startsWith('xstate.done.') || event.startsWith('xstate.error.')) return `${id.join('.')} ${kind}`;
  return event;
}

function guardOf(guard: unknown): string {
  if (typeof guard === 'string') return `[${guard}]`;
  if (typeof guard === 'object' && guard !== null && 'type' in guard) {
    const params = 'params' in guard && typeof guard.params === 'object' && guard.params ? guard.params : {};
    return `[${[String(guard.type), ...Object.values(params).flat()].join(' ')}]`;
  }
  if (typeof guard === 'function' && 'guards' in guard && Array.isArray(guard.guards)) {
    const joined = guard.guards.map((each) => guardOf(each).slice(1, -1)).join(' and ');
    return guard.guards.length === 1 ? `[not ${joined}]` : `[${joined}]`;
  }
  return guard ? '[guard]' : '';
}
