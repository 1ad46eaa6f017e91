// Run by QEMU for each connection of the guest: standard input and output to a port of this machine.
import { connect } from 'node:net';

const socket = connect(Number(process.argv[2]), '127.0.0.1');
socket.on('error', () => process.exit(1));
process.stdin.pipe(socket).pipe(process.stdout);
