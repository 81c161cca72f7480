/** What somebody may be allowed to do in a project, in the words that roles and the table of rights use. */
export interface ActionRule {
  what: string;
  /**
   * What a crawl may do that comes with its job's token; nothing by default.
   * `own job`: with its own job while that runs; `own job, late too`: also with what it had buffered when it was over;
   * `project`: anywhere in its project while it runs, and with other jobs of it.
   */
  crawl?: 'own job' | 'own job, late too' | 'project';
  /** For staff alone; others read this. */
  staffOnly?: string;
}

const RULES = {
  'account.read': { what: 'See whose key it is' },
  'projects.list': { what: 'See which projects the caller is a member of', crawl: 'project' },
  'projects.create': { what: 'Make projects in an organisation' },

  'jobs.read': { what: 'See jobs, their metadata and how many there are', crawl: 'project' },
  'jobs.run': { what: 'Schedule jobs' },
  'jobs.stop': { what: 'Cancel pending jobs and stop running ones' },
  'jobs.drain': { what: 'Cancel a number of jobs', staffOnly: 'only staff may cancel a number of jobs' },
  'jobs.tag': { what: "Change jobs' tags", crawl: 'own job' },
  'jobs.describe': { what: "Change a job's metadata", crawl: 'own job, late too' },
  'jobs.claim': { what: 'Take finished jobs as their only consumer' },
  'jobs.move': { what: 'Take pending jobs for workers outside, and move jobs between states' },
  'jobs.delete': { what: 'Delete jobs with their data' },

  'items.read': { what: 'Read items', crawl: 'own job' },
  'items.write': { what: 'Write items', crawl: 'own job, late too' },
  'logs.read': { what: 'Read logs', crawl: 'own job' },
  'logs.write': { what: 'Write logs', crawl: 'own job, late too' },
  'requests.read': { what: 'Read the list of requests', crawl: 'own job' },
  'requests.write': { what: 'Write the list of requests', crawl: 'own job, late too' },
  'samples.read': { what: 'Read samples', crawl: 'own job' },
  'samples.write': { what: 'Write samples', crawl: 'own job, late too' },
  'reports.write': { what: 'Keep files about jobs' },
  'comments.read': { what: 'Read comments' },
  'comments.write': { what: 'Comment on items' },
  'comments.moderate': {
    what: "Change others' comments",
    staffOnly: 'only its author may change a comment',
  },

  'collections.read': { what: 'Read collections', crawl: 'project' },
  'collections.write': { what: 'Change collections', crawl: 'project' },
  'frontier.read': { what: 'Read the crawl frontier', crawl: 'project' },
  'frontier.write': { what: 'Change the crawl frontier', crawl: 'project' },

  'events.read': { what: 'See what happened in a project' },
  'events.write': { what: 'Report what happened in a project' },
  'settings.read': { what: "See a project's settings", crawl: 'project' },
  'settings.write': { what: "Change a project's settings" },
  'spiders.read': { what: 'See the spiders of a project', crawl: 'project' },
  'spiders.write': { what: "Name new spiders, and change spiders' tags" },
  'versions.read': { what: 'See versions, and fetch their eggs' },
  'versions.delete': { what: 'Delete versions, and with the last one what waits in the project' },
  'project.deploy': { what: 'Deploy versions and eggs' },
} as const satisfies Record<string, ActionRule>;

export type Action = keyof typeof RULES;

export const ACTIONS: Readonly<Record<Action, ActionRule>> = RULES;
