export * from './fs/blob-store.ts';
export { createFsStreamStore, type FsStreamStoreOptions } from './fs/stream-store.ts';
