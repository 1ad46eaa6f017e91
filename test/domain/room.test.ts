import { expect, test } from 'vitest';
import { mustFit, type Room } from '../../src/domain/room.ts';

const need = { path: '/boot', bytes: 32 * 1024 ** 2, inodes: 16, purpose: 'the kernel' };
const told = (room: Room | null): string | null => {
  try {
    mustFit(room, need);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: 'no_room', retry: 'backoff' });
    return (error as Error).message;
  }
};

test('what fits exactly fits, and unknown room is no lack of it', () => {
  expect(told(null)).toBeNull();
  expect(told({ bytes: need.bytes, inodes: need.inodes })).toBeNull();
  expect(told({ bytes: need.bytes, inodes: null })).toBeNull();
});

test('a lack is named with the place, what is free and what is needed', () => {
  expect(told({ bytes: 1.5 * 1024 ** 2, inodes: null })).toBe(
    '/boot has 1.5 MiB free, and 32.0 MiB is needed for the kernel; make room there, it is tried again by itself',
  );
  expect(told({ bytes: need.bytes, inodes: 15 })).toBe(
    '/boot has 15 inodes free, and 16 are needed for the kernel; make room there, it is tried again by itself',
  );
});
