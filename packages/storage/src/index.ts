export * from './fs/blob-store.ts';
export { bytesBelow } from './fs/disk-usage.ts';
export { createFsStreamStore, type FsStreamStoreOptions } from './fs/stream-store.ts';
export { type Moved, moveAll } from './move/move.ts';
export { filesBelow, openStorage, pingBucket, type Storage } from './open-storage.ts';
export type { SegmentKeeper } from './s3/streams/keep.ts';
export { verifySegments } from './s3/streams/verify.ts';
