import type { Readable } from 'node:stream';

/** A blob's name, and how much there is of it. */
export interface StoredBlob {
  /** Hex SHA-256 of the content. */
  sha256: string;
  sizeBytes: number;
}

/** Whole files by the SHA-256 of their content: eggs and files about jobs. */
export interface BlobStore {
  /**
   * Stores a file durably. Storing the same twice is fine. `beforePlaced` is awaited once the name is known and before
   * the blob is there: whoever removes blobs must hear of it first.
   */
  putFile(path: string, beforePlaced?: (blob: StoredBlob) => Promise<void>): Promise<StoredBlob>;
  open(sha256: string): Promise<Readable>;
  /** Path of a local copy that may be read but never changed. */
  localPath(sha256: string): Promise<string>;
  /** Fine when it is not there. Nobody may be storing the same at this moment. */
  remove(sha256: string): Promise<void>;
  /** All blobs, in no order. What a killed process left half written is removed on the way when it is older than a day. */
  list(): AsyncIterable<StoredBlob>;
}
