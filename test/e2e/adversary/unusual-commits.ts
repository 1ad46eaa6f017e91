import { armorTwin, edited, signed, withSignature } from '../../harness/signing.ts';
import type { People } from './people.ts';
import type { TrustLab } from './trust-lab.ts';

const tag = (object: string) =>
  `mergetag object ${object}\n type commit\n tag v1\n tagger Ada <ada@example.org> 1700000000 +0000\n \n a tag`;

/** Forms that git and other tools give to honest commits now and then. */
export const unusual: readonly (readonly [string, (lab: TrustLab, people: People) => Buffer])[] = [
  ['no message', (lab, { ssh }) => signed(edited(lab.payload('none'), '\n\nnone\n', '\n\n'), ssh.ada.sign)],
  [
    'an encoding of its own',
    (lab, { pgp }) => signed(edited(lab.payload('latin'), '\n\n', '\nencoding ISO-8859-1\n\n'), pgp.bob.sign),
  ],
  [
    'a signed tag that was merged',
    (lab, { ssh }) => signed(edited(lab.payload('tag'), '\n\n', `\n${tag(lab.floor)}\n\n`), ssh.ada.sign),
  ],
  [
    'the dates of other time zones',
    (lab, { ssh }) => {
      const payload = lab.payload('elsewhere');
      return signed(edited(edited(payload, ' +0000\n', ' -0330\n'), ' +0000\n', ' +1345\n'), ssh.ada.sign);
    },
  ],
  [
    'a message that looks like headers and signatures',
    (lab, { ssh }) => {
      const message = 'gpgsig\n\ngpgsig -----BEGIN SSH SIGNATURE-----\n\ntree 0\r\n[GNUPG:] BADSIG';
      return signed(lab.payload('lookalike', { message }), ssh.ada.sign);
    },
  ],
  [
    'a comment in the armor of its signature',
    (lab, { pgp }) => {
      const payload = lab.payload('comment');
      return withSignature(payload, armorTwin(pgp.rita.sign(payload)));
    },
  ],
];
