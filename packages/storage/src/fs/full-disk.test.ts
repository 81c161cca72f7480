import { randomBytes } from 'node:crypto';
import { mountSmallDisk } from '@spiderhub/testkit';
import { REF, recordsOf } from '../contract/support.ts';
import { MEMBER_BYTES } from '../lines/packs.ts';
import { createFsStreamStore } from './stream-store.ts';

const disk = mountSmallDisk(4096);
afterAll(() => disk?.remove());

const line = (bytes: number) =>
  Buffer.from(JSON.stringify({ noise: randomBytes(bytes / 2).toString('hex') }));

(disk ? it : it.skip)(
  'what found its place is no error when there is no room to compress it, and is there once',
  async () => {
    if (!disk) return;
    const store = createFsStreamStore({ root: disk.folder });
    const lines = [line(MEMBER_BYTES - 1000), line(2000), line(2000)];
    const [first, second, third] = lines as [Buffer, Buffer, Buffer];
    await store.write(REF, [first]);
    // What the first one has, and some pages for the second.
    disk.fill(MEMBER_BYTES + 5 * 4096);
    expect(await store.write(REF, [second])).toEqual({ first: 1 });
    await expect(store.write(REF, [line(20_000)])).rejects.toMatchObject({ code: 'ENOSPC' });
    disk.free();
    expect(await store.write(REF, [third])).toEqual({ first: 2 });
    expect((await recordsOf(store, REF)).map(([, text]) => text)).toEqual(lines.map(String));
    expect(await store.stats(REF)).toMatchObject({ end: 3, records: 3 });
  },
);
