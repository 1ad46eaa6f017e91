import { built } from '../e2e/built.ts';
import { cachedImage } from './image.ts';

/** Runs once before all files, so that two of them do not make the same thing. */
export async function setup(): Promise<void> {
  await built();
  await cachedImage();
}
