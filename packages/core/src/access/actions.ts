import { ROLES, type Role } from './roles.ts';

/** What somebody may be allowed to do, in the words that roles and the table of rights use. */
export interface ActionRule {
  what: string;
  /** What one has to be in the project, or in its organisation. */
  roles: readonly Role[];
  /**
   * What a crawl may do that comes with its job's token; nothing by default.
   * `own job`: with its own job while that runs; `own job, late too`: also with what it had buffered when it was over;
   * `project`: anywhere in its project while it runs, and with other jobs of it.
   */
  crawl?: 'own job' | 'own job, late too' | 'project';
  /**
   * What has to be shown for it; anything by default. `people`: not a key of a project, which nobody stands behind;
   * `session`: only who is signed in, so that a key that was found does not become an account.
   */
  by?: 'people' | 'session';
  /** For staff alone; others read this. */
  staffOnly?: string;
}

const EVERYONE: readonly Role[] = ROLES;
const WHO_OPERATES: readonly Role[] = ['owner', 'admin', 'developer', 'operator'];
const WHO_DEVELOPS: readonly Role[] = ['owner', 'admin', 'developer'];
/** Who writes the code does not delete what others crawled with it. */
const WHO_DELETES: readonly Role[] = ['owner', 'admin', 'operator'];
const WHO_MANAGES: readonly Role[] = ['owner', 'admin'];
const WHO_OWNS: readonly Role[] = ['owner'];
const NOBODY: readonly Role[] = [];

const RULES = {
  'account.read': { what: 'See whose key it is', roles: EVERYONE },
  'account.write': {
    what: "Change one's password, make and revoke one's keys, end one's sessions, take invitations",
    roles: EVERYONE,
    by: 'session',
  },
  'organisations.read': { what: 'See organisations and who is what in them', roles: EVERYONE },
  'organisations.write': { what: 'Name an organisation', roles: WHO_OWNS, by: 'people' },
  'organisations.create': {
    what: 'Make organisations',
    roles: NOBODY,
    staffOnly: 'only staff makes organisations',
  },
  'limits.read': { what: 'See service limits, and what there is of them', roles: WHO_MANAGES },
  'limits.write': { what: 'Set service limits', roles: NOBODY, staffOnly: 'only staff sets limits' },
  'members.write': {
    what: 'Invite people, change what they are, remove them',
    roles: WHO_MANAGES,
    by: 'people',
  },
  'keys.read': { what: 'See which keys there are', roles: WHO_MANAGES, by: 'people' },
  'keys.write': { what: 'Make keys of a project', roles: WHO_MANAGES, by: 'session' },
  'keys.revoke': { what: 'Revoke keys', roles: WHO_MANAGES, by: 'people' },
  'audit.read': { what: 'See who changed what, and who was refused', roles: WHO_MANAGES },
  'audit.everywhere': {
    what: 'See who changed what in the whole installation',
    roles: NOBODY,
    staffOnly: 'only staff sees what happened in the whole installation',
  },
  'projects.write': { what: 'Name and pause projects', roles: WHO_MANAGES, by: 'people' },
  'projects.list': {
    what: 'See which projects the caller is a member of',
    roles: EVERYONE,
    crawl: 'project',
  },
  'projects.create': { what: 'Make projects in an organisation', roles: WHO_MANAGES },

  'jobs.read': { what: 'See jobs, their metadata and how many there are', roles: EVERYONE, crawl: 'project' },
  'jobs.run': { what: 'Schedule jobs', roles: WHO_OPERATES },
  'jobs.stop': { what: 'Cancel pending jobs and stop running ones', roles: WHO_OPERATES },
  'jobs.drain': {
    what: 'Cancel a number of jobs',
    roles: NOBODY,
    staffOnly: 'only staff may cancel a number of jobs',
  },
  'jobs.tag': { what: "Change jobs' tags", roles: WHO_OPERATES, crawl: 'own job' },
  'jobs.describe': { what: "Change a job's metadata", roles: WHO_OPERATES, crawl: 'own job, late too' },
  'jobs.claim': { what: 'Take finished jobs as their only consumer', roles: WHO_OPERATES },
  'jobs.move': {
    what: 'Take pending jobs for workers outside, and move jobs between states',
    roles: WHO_OPERATES,
  },
  'views.write': { what: 'Keep filters of jobs for oneself', roles: EVERYONE },
  'views.share': { what: 'Keep filters of jobs for everybody in a project', roles: WHO_OPERATES },
  'jobs.delete': { what: 'Delete jobs with their data', roles: WHO_DELETES },

  'periodic.read': { what: 'See periodic jobs and what came of them', roles: EVERYONE },
  'rules.read': { what: 'See what follows when jobs end', roles: EVERYONE },
  'rules.write': { what: 'Say what follows when jobs end', roles: WHO_DEVELOPS },
  'webhooks.read': { what: 'See receivers of events, and what was sent to them', roles: WHO_DEVELOPS },
  'webhooks.write': { what: 'Send events to an address, and change that', roles: WHO_DEVELOPS },
  'periodic.write': { what: 'Plan periodic jobs', roles: WHO_DEVELOPS },

  'items.read': { what: 'Read items', roles: EVERYONE, crawl: 'own job' },
  'items.write': { what: 'Write items', roles: WHO_OPERATES, crawl: 'own job, late too' },
  'logs.read': { what: 'Read logs', roles: EVERYONE, crawl: 'own job' },
  'logs.write': { what: 'Write logs', roles: WHO_OPERATES, crawl: 'own job, late too' },
  'requests.read': { what: 'Read the list of requests', roles: EVERYONE, crawl: 'own job' },
  'requests.write': { what: 'Write the list of requests', roles: WHO_OPERATES, crawl: 'own job, late too' },
  'samples.read': { what: 'Read samples', roles: EVERYONE, crawl: 'own job' },
  'samples.write': { what: 'Write samples', roles: WHO_OPERATES, crawl: 'own job, late too' },
  'reports.write': { what: 'Keep files about jobs', roles: WHO_OPERATES },
  'comments.read': { what: 'Read comments', roles: EVERYONE },
  'comments.write': { what: 'Comment on items', roles: WHO_OPERATES },
  'comments.moderate': {
    what: "Change others' comments",
    roles: NOBODY,
    staffOnly: 'only its author may change a comment',
  },

  'collections.read': { what: 'Read collections', roles: EVERYONE, crawl: 'project' },
  'collections.write': { what: 'Change collections', roles: WHO_OPERATES, crawl: 'project' },
  'frontier.read': { what: 'Read the crawl frontier', roles: EVERYONE, crawl: 'project' },
  'frontier.write': { what: 'Change the crawl frontier', roles: WHO_OPERATES, crawl: 'project' },

  'events.read': { what: 'See what happened in a project', roles: EVERYONE },
  'events.write': { what: 'Report what happened in a project', roles: WHO_OPERATES },
  'settings.read': { what: "See a project's settings", roles: WHO_DEVELOPS, crawl: 'project' },
  'settings.write': { what: "Change a project's settings", roles: WHO_DEVELOPS },
  'variables.read': {
    what: "See the environment variables of a project's crawls, without secrets",
    roles: WHO_DEVELOPS,
  },
  'variables.write': { what: "Set the environment variables of a project's crawls", roles: WHO_DEVELOPS },
  'spiders.read': { what: 'See the spiders of a project', roles: EVERYONE, crawl: 'project' },
  'spiders.write': { what: "Name new spiders, and change spiders' tags", roles: WHO_DEVELOPS },
  'server.read': {
    what: 'See workers, queues and versions of the service',
    roles: NOBODY,
    staffOnly: 'only staff sees the service as a whole',
  },
  'versions.read': { what: 'See versions, and fetch their eggs', roles: WHO_OPERATES },
  'versions.delete': {
    what: 'Delete versions, and with the last one what waits in the project',
    roles: WHO_DEVELOPS,
  },
  'project.deploy': { what: 'Deploy versions and eggs', roles: WHO_DEVELOPS },
} as const satisfies Record<string, ActionRule>;

export type Action = keyof typeof RULES;

export const ACTIONS: Readonly<Record<Action, ActionRule>> = RULES;
