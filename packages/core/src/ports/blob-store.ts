import type { Readable } from 'node:stream';

/** Whole files by the SHA-256 of their content: eggs and requirements. */
export interface BlobStore {
  /** Stores a file durably and returns its hex SHA-256 and size in bytes. Storing the same twice is fine. */
  putFile(path: string): Promise<{ sha256: string; sizeBytes: number }>;
  open(sha256: string): Promise<Readable>;
  /** Path of a local copy that may be read but never changed. */
  localPath(sha256: string): Promise<string>;
  remove(sha256: string): Promise<void>;
}
