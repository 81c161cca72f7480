export * from './fs/blob-store.ts';
export { bytesBelow } from './fs/disk-usage.ts';
export { createFsStreamStore, type FsStreamStoreOptions } from './fs/stream-store.ts';
