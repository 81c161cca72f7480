import type { Actor } from '../../access/actor.ts';
import type { Role } from '../../access/roles.ts';

export interface ScrapydUser {
  username: string;
  organisation: number;
  passwordHash: string;
  /** What the user is in the organisation. */
  role: Role;
}

export interface ScrapydUserStore {
  findUser(username: string): Promise<ScrapydUser | null>;
  /** Creates the user or changes its password. Throws `not_found` for an unknown organisation, `conflict` for a name of another one. */
  saveUser(
    organisation: string,
    username: string,
    passwordHash: string,
    /** Without one a new user is an admin, and one that is there keeps its role. */
    role?: Role,
    /** The admin command, when nobody else is named. */
    actor?: Actor,
  ): Promise<{ created: boolean }>;
}

/** Addresses that may use Scrapyd's API without credentials. */
export interface ScrapydNetwork {
  /** With its length: `10.0.0.0/8`. */
  network: string;
  organisation: number;
  role: Role;
}

export interface ScrapydNetworkStore {
  listNetworks(): Promise<ScrapydNetwork[]>;
}

/** Who may use Scrapyd's API, for those who look after it. */
export interface ScrapydCaller {
  organisation: string;
  /** Null for a network without names. */
  username: string | null;
  network: string | null;
  role: Role;
}

export interface ScrapydCallerStore {
  /** By organisation; users first. */
  listCallers(): Promise<ScrapydCaller[]>;
  /** Lets networks be used without credentials. Throws `not_found` for an unknown organisation, `conflict` for a network of another one. */
  saveNetworks(actor: Actor, organisation: string, networks: readonly string[], role: Role): Promise<void>;
  /** From now on the user is unknown. Throws `not_found`. */
  removeUser(actor: Actor, username: string): Promise<void>;
  /** Throws `not_found`. */
  removeNetwork(actor: Actor, network: string): Promise<void>;
}

export interface DeployedVersion {
  name: string;
  spiders: string[];
}

/** A project in Scrapyd's sense: one with at least one deployed version. */
export interface DeployedProject {
  id: number;
  name: string;
  /** Oldest deployment first. */
  versions: DeployedVersion[];
  /** Name of the version that jobs run which name none. */
  latest: string;
}

/** How a caller names a job: the name it gave, or the job's key, written with slashes or dashes. */
export interface JobName {
  alias: string;
  key: { project: number; spider: number; job: number } | null;
}

/** What Scrapyd's dialect changes beyond scheduling. Each method happens as a whole or not at all. */
export interface ScrapydStore {
  /** The project's number; a project of that name in the organisation is made when there is none. */
  ensureProject(actor: Actor, organisation: number, name: string): Promise<number>;
  /**
   * Jobs that name no version run the last one of those deployed now, in Scrapyd's order; forgotten by the next
   * deployment.
   */
  chooseLatest(actor: Actor, project: number): Promise<void>;
  removeVersion(actor: Actor, project: number, name: string): Promise<boolean>;
  /** Removes every version and cancels what is pending. Running jobs go on. */
  removeProject(actor: Actor, project: number): Promise<void>;
}
