import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeBlobStore } from '../contract/blob-contract.ts';
import { createFsBlobStore } from './blob-store.ts';

describe('blobs on the file system', () => {
  describeBlobStore(async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'blobs-'));
    return { open: () => createFsBlobStore({ root }), close: () => rm(root, { recursive: true }) };
  });
});
