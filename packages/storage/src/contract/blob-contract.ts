import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BlobStore } from '@spiderhub/core';
import type { Place } from './support.ts';

/** What every blob store guarantees. */
export function describeBlobStore(make: () => Promise<Place<BlobStore>>): void {
  let place: Place<BlobStore>;
  let dir: string;

  beforeEach(async () => {
    place = await make();
    dir = await mkdtemp(path.join(tmpdir(), 'blob-source-'));
  });
  afterEach(async () => {
    await place.close();
    await rm(dir, { recursive: true });
  });

  async function put(content: Buffer): Promise<{ sha256: string; sizeBytes: number }> {
    const source = path.join(dir, 'source');
    await writeFile(source, content);
    return place.open().putFile(source);
  }

  async function contentOf(sha256: string): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of await place.open().open(sha256)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  it('keeps a file under the hash of its content', async () => {
    const content = Buffer.alloc(300_000, 'egg');
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(await put(content)).toEqual({ sha256, sizeBytes: 300_000 });
    expect(await contentOf(sha256)).toEqual(content);
  });

  it('takes the same file twice, also at once', async () => {
    const content = Buffer.from('same');
    const [first, second] = await Promise.all([put(content), put(content)]);
    expect(first).toEqual(second);
    expect(await contentOf((await put(content)).sha256)).toEqual(content);
  });

  it('says not_found for what it does not have or removed', async () => {
    const { sha256 } = await put(Buffer.from('gone'));
    await place.open().remove(sha256);
    await place.open().remove(sha256);
    await expect(place.open().open(sha256)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(place.open().localPath(sha256)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('tells the name before the blob is there, and stores nothing when that fails', async () => {
    const source = path.join(dir, 'source');
    await writeFile(source, 'told');
    const store = place.open();
    const seen: string[] = [];
    const refuse = async ({ sha256 }: { sha256: string }) => {
      seen.push(sha256);
      await expect(store.localPath(sha256)).rejects.toMatchObject({ kind: 'not_found' });
      throw new Error('not now');
    };
    await expect(store.putFile(source, refuse)).rejects.toThrow('not now');
    await expect(store.localPath(seen[0] as string)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('lists what it has', async () => {
    const blobs = [await put(Buffer.from('one')), await put(Buffer.from('three'))];
    const found: unknown[] = [];
    for await (const blob of place.open().list()) found.push(blob);
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining(blobs));
  });

  it.each(['', '..', '../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(63)}/`])(
    'refuses %p as a hash',
    async (sha256) => {
      await expect(place.open().open(sha256)).rejects.toMatchObject({ kind: 'invalid' });
    },
  );

  it('leaves nothing behind when the source cannot be read', async () => {
    await expect(place.open().putFile(path.join(dir, 'missing'))).rejects.toThrow();
  });
}
