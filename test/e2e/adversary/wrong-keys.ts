import { faked } from '../../harness/gpg-keyring.ts';
import { signed } from '../../harness/signing.ts';
import type { HostileCommit } from './hostile-commit.ts';
import type { People } from './people.ts';
import type { TrustLab } from './trust-lab.ts';

const day = 86_400;
const now = () => Math.floor(Date.now() / 1000);

/** The cases of a key that is not, or no longer, or not yet one that may sign. */
export const wrongKeys: readonly HostileCommit[] = [
  { name: 'nobody signed', reason: 'unsigned', make: (lab) => lab.payload('unsigned') },
  {
    name: 'an OpenPGP key that nobody configured',
    reason: 'unknown_key',
    make: (lab, { pgp }) => signed(lab.payload('stranger'), pgp.zed.sign),
  },
  {
    name: 'an OpenPGP key in the file of a signer, with status lines in its user id',
    reason: 'unknown_key',
    make: (lab, { pgp }) => signed(lab.payload('extra key'), pgp.max.sign),
  },
  {
    name: 'an SSH key that nobody configured',
    reason: 'unknown_key',
    make: (lab, { ssh }) => signed(lab.payload('stranger'), ssh.mal.sign),
  },
  {
    name: 'an SSH key that is allowed for other uses',
    reason: 'unknown_key',
    make: (lab, { ssh }) => signed(lab.payload('other use'), ssh.use.sign),
  },
  {
    name: 'an expired OpenPGP key, by a signature from when it was valid',
    reason: 'expired_key',
    make: (lab, people) => signed(lab.payload('expired'), byEve(people)),
  },
  {
    name: 'an expired OpenPGP key, in a commit that is dated back',
    reason: 'expired_key',
    make: (lab, people) => signed(lab.payload('dated back', { date: 1_709_251_200 }), byEve(people)),
  },
  {
    name: 'a revoked OpenPGP key',
    reason: 'revoked_key',
    make: (lab, { pgp }) => signed(lab.payload('revoked'), pgp.lou.sign),
  },
  {
    name: 'a revoked SSH key',
    reason: 'revoked_key',
    make: (lab, { ssh }) => signed(lab.payload('revoked'), ssh.lost.sign),
  },
  {
    name: 'an SSH key whose window is over',
    reason: 'expired_key',
    make: (lab, { ssh }) => signed(lab.payload('window over'), ssh.old.sign),
  },
  {
    name: 'an SSH key whose window is over, in a commit that is dated into it',
    reason: 'expired_key',
    make: (lab, { ssh }) => signed(lab.payload('dated back', { date: 1_709_251_200 }), ssh.old.sign),
  },
  {
    name: 'an SSH key whose window is to come',
    reason: 'date_out_of_range',
    verdict: 'pending',
    make: (lab, { ssh }) => signed(lab.payload('to come'), ssh.new.sign),
  },
  {
    name: 'an SSH key whose window is to come, in a commit that is dated into it',
    reason: 'date_out_of_range',
    verdict: 'pending',
    make: (lab, { ssh }) => signed(lab.payload('dated forward', { date: 4_102_444_800 }), ssh.new.sign),
  },
  {
    name: 'a good key, in a commit of the future',
    reason: 'date_out_of_range',
    verdict: 'pending',
    make: (lab, { ssh }) => signed(lab.payload('tomorrow', { date: now() + day }), ssh.ada.sign),
  },
  {
    name: 'an OpenPGP signature of the future',
    reason: 'date_out_of_range',
    verdict: 'pending',
    make: (lab, { gpg, pgp }) =>
      signed(lab.payload('later'), gpg.signWith([pgp.bob], ...faked('20990101T000000'))),
  },
  {
    name: 'an OpenPGP signature that expired',
    reason: 'expired_key',
    make: (lab, { gpg, pgp }) =>
      signed(
        lab.payload('over'),
        gpg.signWith([pgp.rita], ...faked('20240301T000000'), '--default-sig-expire', '1d'),
      ),
  },
  ...(['SHA1', 'MD5'] as const).map((digest) => ({
    name: `an OpenPGP signature over ${digest}`,
    reason: 'weak_digest' as const,
    make: (lab: TrustLab, { gpg, pgp }: People) =>
      signed(
        lab.payload(digest),
        gpg.signWith([pgp.rita], '--digest-algo', digest, '--allow-weak-digest-algos'),
      ),
  })),
];

function byEve({ gpg, pgp }: People) {
  return gpg.signWith([pgp.eve], ...faked('20240301T000000'));
}
