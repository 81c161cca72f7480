import type { MissingPart } from '../level.ts';
import type { NetworkMode, NetworkOfBox } from './networks.ts';
import type { PolicyWatch } from './policy.ts';

export interface GuardOptions {
  /** User of a project; null when all have the service's. */
  uidOf: ((project: number) => number) | null;
  /** Folder of this installation. */
  home: string;
  /** Python of the base environment. */
  python: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  policy: PolicyWatch;
  log: (message: string, details?: Record<string, unknown>) => void;
}

/** One mode at work. */
export interface Guard {
  mode: NetworkMode;
  missing: MissingPart[];
  ofCrawl(project: number): Promise<NetworkOfBox>;
  /** Takes away what it added to the machine; crawls that go on keep what guards them. */
  close(crawlsGoOn: boolean): Promise<void>;
}
