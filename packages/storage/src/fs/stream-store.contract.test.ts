import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeStreamStore } from '../contract/stream-contract.ts';
import { createFsStreamStore } from './stream-store.ts';

describe('streams on the file system', () => {
  describeStreamStore(async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'streams-'));
    return { open: () => createFsStreamStore({ root }), close: () => rm(root, { recursive: true }) };
  });
});
