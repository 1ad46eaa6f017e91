import { fromPromise, type PromiseActorLogic } from 'xstate';

/** Stands where the composition root puts the real effect; running it is a bug and says so. */
export function missing<Output, Input>(name: string): PromiseActorLogic<Output, Input> {
  return fromPromise<Output, Input>(() => Promise.reject(new Error(`the effect ${name} is not provided`)));
}
