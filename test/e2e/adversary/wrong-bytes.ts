import { edited, reArmored, signed, trailingBytes, withSignature } from '../../harness/signing.ts';
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
    name: 'an SSH signature over SHA-1',
    reason: 'weak_digest',
    make: (lab, { ssh }) => signed(lab.payload('rsa sha1'), ssh.sha.sign),
  },
  {
    name: 'an SSH signature over a hash that is none',
    reason: 'weak_digest',
    make: (lab, { ssh }) => signed(lab.payload('md5'), (it) => reArmored(ssh.ada.sign(it), overMd5)),
  },
  {
    name: 'an SSH signature that is cut short',
    reason: 'bad_signature',
    make: (lab, { ssh }) => signed(lab.payload('short'), (it) => reArmored(ssh.ada.sign(it), cutShort)),
  },
  {
    name: 'an OpenPGP block with noise in it',
    reason: 'malformed',
    make: (lab) => signed(lab.payload('noise'), () => pgpBlock(Buffer.alloc(90, 'noise'))),
  },
  {
    name: 'an OpenPGP block with a packet that claims four gigabytes',
    reason: 'malformed',
    make: (lab) => signed(lab.payload('huge'), () => pgpBlock(Buffer.from('c2ffffffffff04001608', 'hex'))),
  },
  {
    name: 'a signature of a megabyte',
    reason: 'malformed',
    make: (lab) => signed(lab.payload('megabyte'), () => pgpBlock(Buffer.alloc(1 << 20))),
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

// The last field is the signature: its type, then 64 bytes.
const signatureLength = 4 + 11 + 4 + 64;

function overMd5(blob: Buffer): Buffer {
  return edited(blob, '\0\0\0\u0006sha512', '\0\0\0\u0003md5');
}

function cutShort(blob: Buffer): Buffer {
  const before = blob.subarray(0, blob.length - signatureLength - 4);
  const type = blob.subarray(blob.length - signatureLength, blob.length - signatureLength + 15);
  const length = (bytes: number) => Buffer.from([0, 0, 0, bytes]);
  return Buffer.concat([before, length(4 + 11 + 4 + 32), type, length(32), blob.subarray(blob.length - 32)]);
}

function pgpBlock(packets: Buffer): string {
  const lines = packets.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PGP SIGNATURE-----', '', ...lines, '-----END PGP SIGNATURE-----', ''].join('\n');
}

function otherTree(lab: TrustLab, commit: Buffer): Buffer {
  return edited(commit, treeOf(commit), lab.tree('other tree'));
}

function treeOf(commit: Buffer): string {
  return commit.subarray(5, 45).toString();
}

function afterCommitter(commit: Buffer, header: string): Buffer {
  return edited(commit, '\ngpgsig ', `\n${header}\ngpgsig `);
}
