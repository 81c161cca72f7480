import type { Actor } from '../access/actor.ts';
import type { Spider } from '../access/principal.ts';

export interface Version {
  project: number;
  name: string;
  /** Empty for an image. */
  eggSha256: string;
  eggSizeBytes: number;
  /** Extra eggs that the deploy brought along, by their SHA-256. */
  extraEggs: string[];
  /** The container image that it is instead of an egg; null for an egg. */
  image: string | null;
  /** Text of requirements.txt, null when none came. */
  requirements: string | null;
  /** The stack that it was listed on and runs on, `scrapy:2.11`; null before there were stacks. */
  stack: string | null;
  /** `scrapy -> settings` entry point of the egg: the SCRAPY_SETTINGS_MODULE. */
  settingsModule: string;
  spiders: string[];
  /** Names of scripts in the egg, without `py:`. */
  scripts: string[];
  deployedBy: string;
  deployedAt: Date;
}

/**
 * How a spider comes about that is not deployed: `listed` when somebody asks for it, which lists one that was not, too;
 * `unlisted` when it is only the name in somebody's job.
 */
export type NewSpider = 'listed' | 'unlisted';

/** Deployed code. A version is written once as a whole, after its spiders have been listed. */
export interface VersionStore {
  /** Stores or replaces the version and numbers new spiders, in one transaction. */
  save(actor: Actor, version: Omit<Version, 'deployedAt'>): Promise<void>;
  find(project: number, name: string): Promise<Version | null>;
  /** Newest deployment, null when nothing is deployed. */
  newest(project: number): Promise<Version | null>;
  /** Oldest deployment first. */
  list(project: number): Promise<Version[]>;
  remove(actor: Actor, project: number, name: string): Promise<boolean>;
  /** Name of the version that a job without one of its own runs; null when nothing is deployed. */
  inUse(project: number): Promise<string | null>;
  /** Deploys a version once more as it is, so that it is the newest. False when there is none of this name. */
  use(actor: Actor, project: number, name: string): Promise<boolean>;
  /** Pending and running jobs by the version that they name; counted up to some thousands. */
  activeJobs(project: number): Promise<Map<string, number>>;
  /** Spiders that were deployed or made on purpose, by name. */
  spiders(project: number): Promise<Spider[]>;
  /** The spider's number; makes it when asked to. Null when unknown. */
  spiderNumber(project: number, name: string, make?: NewSpider): Promise<number | null>;
  spiderName(project: number, number: number): Promise<string | null>;
}
