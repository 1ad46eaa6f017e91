import { armorTwin, edited, signed, withSignature } from '../../harness/signing.ts';
import type { People } from './people.ts';
import type { TrustLab } from './trust-lab.ts';

type Make = (lab: TrustLab, people: People, parents: readonly string[]) => Buffer;

/** Forms that git and other tools give to honest commits now and then. */
export const unusual: readonly Make[] = [
  // No message.
  (lab, { ssh }, parents) =>
    signed(edited(lab.payload('none', { parents }), '\n\nnone\n', '\n\n'), ssh.ada.sign),
  // An encoding of its own.
  (lab, { pgp }, parents) =>
    signed(edited(lab.payload('latin', { parents }), '\n\n', '\nencoding ISO-8859-1\n\n'), pgp.bob.sign),
  // A signed tag that was merged.
  (lab, { ssh }, parents) =>
    signed(edited(lab.payload('tag', { parents }), '\n\n', `\n${mergeTag(lab.floor)}\n\n`), ssh.ada.sign),
  // The dates of other time zones.
  (lab, { ssh }, parents) => {
    const payload = lab.payload('elsewhere', { parents });
    return signed(edited(edited(payload, ' +0000\n', ' -0330\n'), ' +0000\n', ' +1345\n'), ssh.ada.sign);
  },
  // A message that looks like headers and signatures.
  (lab, { ssh }, parents) => {
    const message = 'gpgsig\n\ngpgsig -----BEGIN SSH SIGNATURE-----\n\ntree 0\r\n[GNUPG:] BADSIG';
    return signed(lab.payload('lookalike', { message, parents }), ssh.ada.sign);
  },
  // A comment in the armor of its signature.
  (lab, { pgp }, parents) => {
    const payload = lab.payload('comment', { parents });
    return withSignature(payload, armorTwin(pgp.rita.sign(payload)));
  },
];

function mergeTag(object: string): string {
  return `mergetag object ${object}\n type commit\n tag v1\n tagger Ada <ada@example.org> 1700000000 +0000\n \n a tag`;
}
