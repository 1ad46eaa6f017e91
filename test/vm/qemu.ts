import { fileURLToPath } from 'node:url';
import type { Image } from './image.ts';

/** What a virtual machine is made of. */
export interface Hardware {
  readonly image: Image;
  /** Its own disk, above the image's. */
  readonly root: string;
  /** The disk that the guest mounts as /opt/abide. */
  readonly program: string;
  readonly agentSocket: string;
  /** Port on this machine that the guest reaches as http://10.0.2.100; nothing else is reachable. */
  readonly port: number;
}

const forward = fileURLToPath(new URL('forward.mjs', import.meta.url));

/** The words of a command that runs the machine and ends with whoever started it. */
export function qemu({ image, root, program, agentSocket, port }: Hardware): [string, ...string[]] {
  const net = `user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:80-cmd:${process.execPath} ${forward} ${port}`;
  const options = {
    machine: 'q35',
    accel: 'tcg,thread=single',
    // The guest's clock counts instructions while it works, 2 ns each: however busy this machine is, its time limits hold.
    icount: 'shift=1,sleep=on',
    cpu: 'max',
    m: '1536',
    display: 'none',
    monitor: 'none',
    serial: 'stdio',
    kernel: image.kernel,
    initrd: image.initrd,
    append:
      'root=/dev/vda rw console=ttyS0 net.ifnames=0 panic=-1 mitigations=off init=/opt/guest/stage-2.sh',
  };
  const many = [
    ['-drive', `file=${root},if=virtio,format=qcow2`],
    ['-drive', `file=${program},if=virtio,format=raw,readonly=on`],
    ['-netdev', net],
    ['-device', 'virtio-net-pci,netdev=net'],
    ['-device', 'virtio-serial-pci'],
    ['-chardev', `socket,id=agent,path=${agentSocket},server=on,wait=off`],
    ['-device', 'virtserialport,chardev=agent,name=abide'],
  ];
  const words = Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]);
  const fixed = ['--pdeathsig=KILL', 'qemu-system-x86_64', '-nodefaults', '-no-reboot'];
  return ['setpriv', ...fixed, ...words, ...many.flat()];
}
