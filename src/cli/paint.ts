/** What a colour means; every meaning is also said in words. */
export type Tone = 'good' | 'busy' | 'bad' | 'held' | 'quiet' | 'strong' | 'plain';

/** Colours a piece of one line. */
export type Paint = (tone: Tone, text: string) => string;

const codes: Readonly<Record<Tone, string>> = {
  good: '32',
  busy: '33',
  bad: '31',
  held: '35',
  quiet: '2',
  strong: '1',
  plain: '',
};

/** A painter for a terminal, or one that leaves text as it is. */
export function createPaint(color: boolean): Paint {
  if (!color) return (_tone, text) => text;
  return (tone, text) => (tone === 'plain' || text === '' ? text : `\u001b[${codes[tone]}m${text}\u001b[0m`);
}
