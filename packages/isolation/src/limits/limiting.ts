import type { MissingPart } from '../level.ts';
import type { CrawlLimits, ProgramLimits } from './crawl-limits.ts';

/** A crawl that is about to start, as far as its limits go. Paths are absolute. */
export interface LimitedCrawl {
  /** What the attempt is called on this machine. */
  name: string;
  units: number;
  /** Folders that it writes to. */
  folders: string[];
  /** That of them which stays when the job ends. */
  keptFolder: string | null;
  /** It gets a user namespace, where the kernel counts its processes by themselves. */
  ownUsers: boolean;
}

/** Says what code of tenants may use, and makes the kernel hold it where that is possible. */
export interface Limiting {
  /** Memory is held by the kernel, for all processes of a crawl together. */
  readonly holdsMemory: boolean;
  /** What is weaker than it could be, for crawls with or without user namespaces of their own. */
  missing(crawls: { ownUsers: boolean }): MissingPart[];
  ofCrawl(crawl: LimitedCrawl): Promise<CrawlLimits | null>;
  /** For listing eggs, compiling and pip. */
  ofProgram(options: { ownUsers: boolean }): Promise<ProgramLimits>;
  /** Takes away what was made for a crawl that is over, by its name and by the groups in its launch file. */
  release(name: string, groups: readonly string[]): Promise<void>;
  /**
   * Takes away what dead processes left behind, and ends who is still in it. Returns how much. `wanted` tells which crawls
   * there are by their names; it is asked after what is there was listed, so that it knows of crawls that begin meanwhile.
   */
  sweep(wanted: () => Promise<ReadonlySet<string>>): Promise<number>;
  /** Takes away what is for all crawls, unless another process of this installation still has some. */
  close(): Promise<void>;
}

/** No limits at all. */
export const NO_LIMITS: Limiting = {
  holdsMemory: false,
  missing: () => [],
  ofCrawl: async () => null,
  ofProgram: async () => ({ cgroups: [], rlimits: {} }),
  release: async () => {},
  sweep: async () => 0,
  close: async () => {},
};
