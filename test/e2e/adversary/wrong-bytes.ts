import { edited, signed, trailingBytes, withSignature } from '../../harness/signing.ts';
import type { HostileCommit } from './hostile-commit.ts';
import type { TrustLab } from './trust-lab.ts';

const x509 = '-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----\n';

/** The cases of a commit whose bytes are not what somebody signed, or can be read in two ways. */
export const wrongBytes: readonly HostileCommit[] = [
  {
    name: 'another tree under an OpenPGP signature',
    reason: 'bad_signature',
    make: (lab, { pgp }) => otherTree(lab, signed(lab.payload('honest'), pgp.bob.sign)),
  },
  {
    name: 'another tree under an SSH signature',
    reason: 'bad_signature',
    make: (lab, { ssh }) => otherTree(lab, signed(lab.payload('honest'), ssh.ada.sign)),
  },
  {
    name: 'an SSH signature for another use',
    reason: 'bad_signature',
    make: (lab, { ssh }) => signed(lab.payload('for a file'), ssh.ada.signFor('file')),
  },
  {
    name: 'two OpenPGP signatures in one block, one of a stranger',
    reason: 'malformed',
    make: (lab, { gpg, pgp }) => signed(lab.payload('two'), gpg.signWith([pgp.bob, pgp.max])),
  },
  {
    name: 'two good OpenPGP signatures in one block',
    reason: 'malformed',
    make: (lab, { gpg, pgp }) => signed(lab.payload('two good'), gpg.signWith([pgp.bob, pgp.rita])),
  },
  {
    name: 'two signature headers',
    reason: 'malformed',
    make: (lab, { ssh, pgp }) => {
      const payload = lab.payload('two headers');
      return withSignature(withSignature(payload, pgp.bob.sign(payload)), ssh.ada.sign(payload));
    },
  },
  {
    name: 'two SSH blocks in one header',
    reason: 'malformed',
    make: (lab, { ssh }) => signed(lab.payload('two blocks'), (it) => ssh.ada.sign(it) + ssh.mal.sign(it)),
  },
  {
    name: 'text behind an SSH block',
    reason: 'malformed',
    make: (lab, { ssh }) => signed(lab.payload('text behind'), (it) => `${ssh.ada.sign(it)}junk\n`),
  },
  {
    name: 'bytes behind an SSH signature inside its block',
    reason: 'malformed',
    make: (lab, { ssh }) => signed(lab.payload('bytes behind'), (it) => trailingBytes(ssh.ada.sign(it))),
  },
  {
    name: 'text before an OpenPGP block, on which git dies',
    reason: 'malformed',
    make: (lab, { pgp }) => signed(lab.payload('text before'), (it) => `garbage\n${pgp.bob.sign(it)}`),
  },
  {
    name: 'text behind an OpenPGP block',
    reason: 'malformed',
    make: (lab, { pgp }) => signed(lab.payload('text behind'), (it) => `${pgp.bob.sign(it)}garbage\n`),
  },
  {
    name: 'an SSH block behind an OpenPGP block',
    reason: 'malformed',
    make: (lab, { ssh, pgp }) => signed(lab.payload('mixed'), (it) => pgp.max.sign(it) + ssh.ada.sign(it)),
  },
  {
    name: 'a second tree, for those who read the last',
    reason: 'malformed',
    make: (lab, { ssh }) => {
      const commit = signed(lab.payload('two trees'), ssh.ada.sign);
      return afterCommitter(otherTree(lab, commit), `tree ${treeOf(commit)}`);
    },
  },
  {
    name: 'a parent behind the committer',
    reason: 'malformed',
    make: (lab, { ssh }) => afterCommitter(signed(lab.payload('late'), ssh.ada.sign), `parent ${lab.floor}`),
  },
  {
    name: 'a second committer',
    reason: 'malformed',
    make: (lab, { ssh }) =>
      afterCommitter(signed(lab.payload('twice'), ssh.ada.sign), 'committer Eve <eve@example.org> 1 +0000'),
  },
  {
    name: 'a header nobody signed',
    reason: 'bad_signature',
    make: (lab, { ssh }) => afterCommitter(signed(lab.payload('extra'), ssh.ada.sign), 'extra header'),
  },
  {
    name: 'a signature for SHA-256 repositories only',
    reason: 'unsigned',
    make: (lab, { ssh }) => {
      const payload = lab.payload('sha256');
      return withSignature(payload, ssh.ada.sign(payload), 'gpgsig-sha256');
    },
  },
  {
    name: 'a signature of X.509',
    reason: 'malformed',
    make: (lab) => signed(lab.payload('x509'), () => x509),
  },
  {
    name: 'an OpenPGP block without a signature in it',
    reason: 'malformed',
    make: (lab) =>
      signed(
        lab.payload('empty'),
        () => '-----BEGIN PGP SIGNATURE-----\n\n=twTO\n-----END PGP SIGNATURE-----\n',
      ),
  },
];

function otherTree(lab: TrustLab, commit: Buffer): Buffer {
  return edited(commit, treeOf(commit), lab.tree('other tree'));
}

function treeOf(commit: Buffer): string {
  return commit.subarray(5, 45).toString();
}

function afterCommitter(commit: Buffer, header: string): Buffer {
  return edited(commit, '\ngpgsig ', `\n${header}\ngpgsig `);
}
