/** What a key can be good for, in the groups in which the page offers it. A test holds it against the service's own table. */
export interface ActionGroup {
  title: string;
  actions: readonly (readonly [action: string, what: string])[];
}

export const ACTION_GROUPS: readonly ActionGroup[] = [
  {
    title: 'Jobs',
    actions: [
      ['jobs.read', 'See jobs and how many there are'],
      ['jobs.run', 'Schedule jobs'],
      ['jobs.stop', 'Cancel and stop jobs'],
      ['jobs.tag', "Change jobs' tags"],
      ['jobs.describe', "Change a job's metadata"],
      ['jobs.delete', 'Delete jobs with their data'],
      ['jobs.claim', 'Take finished jobs as their only consumer'],
      ['jobs.move', 'Move jobs between states, for workers outside'],
    ],
  },
  {
    title: 'What jobs brought home',
    actions: [
      ['items.read', 'Read items'],
      ['items.write', 'Write items'],
      ['logs.read', 'Read logs'],
      ['logs.write', 'Write logs'],
      ['requests.read', 'Read requests'],
      ['requests.write', 'Write requests'],
      ['samples.read', 'Read samples'],
      ['samples.write', 'Write samples'],
      ['reports.write', 'Keep files about jobs'],
      ['comments.read', 'Read comments'],
      ['comments.write', 'Comment on items'],
    ],
  },
  {
    title: 'Code and settings',
    actions: [
      ['project.deploy', 'Deploy versions and eggs'],
      ['versions.read', 'See versions, fetch eggs'],
      ['versions.delete', 'Delete versions'],
      ['spiders.read', 'See spiders'],
      ['spiders.write', "Name new spiders, change spiders' tags"],
      ['settings.read', "See the project's settings"],
      ['settings.write', "Change the project's settings"],
      ['variables.read', 'See environment variables, without secrets'],
      ['variables.write', 'Set environment variables'],
    ],
  },
  {
    title: 'By itself',
    actions: [
      ['periodic.read', 'See periodic jobs'],
      ['periodic.write', 'Plan periodic jobs'],
      ['rules.read', 'See what follows when jobs end'],
      ['rules.write', 'Say what follows when jobs end'],
      ['webhooks.read', 'See webhooks and what was sent'],
      ['webhooks.write', 'Change webhooks'],
      ['events.read', 'See what happened'],
      ['events.write', 'Report what happened'],
    ],
  },
  {
    title: 'Collections and the frontier',
    actions: [
      ['collections.read', 'Read collections'],
      ['collections.write', 'Change collections'],
      ['frontier.read', 'Read the crawl frontier'],
      ['frontier.write', 'Change the crawl frontier'],
    ],
  },
  {
    title: 'The project and its people',
    actions: [
      ['projects.list', 'See which projects there are'],
      ['projects.write', 'Name and pause projects'],
      ['projects.create', 'Make projects'],
      ['organisations.read', 'See organisations and members'],
      ['organisations.write', 'Name an organisation'],
      ['members.write', 'Invite, change and remove people'],
      ['keys.read', 'See which keys there are'],
      ['keys.revoke', 'Revoke keys'],
      ['limits.read', 'See service limits'],
      ['audit.read', 'Read the audit log'],
      ['views.write', 'Keep filters of jobs for oneself'],
      ['views.share', 'Keep filters of jobs for everybody'],
    ],
  },
];

/** Sets of actions by what somebody wants a key for. */
export const PURPOSES: readonly { title: string; actions: readonly string[] }[] = [
  {
    title: 'Read results',
    actions: ['projects.list', 'jobs.read', 'items.read', 'logs.read', 'requests.read', 'spiders.read'],
  },
  {
    title: 'Run and watch jobs',
    actions: [
      'projects.list',
      'spiders.read',
      'jobs.read',
      'jobs.run',
      'jobs.stop',
      'jobs.tag',
      'items.read',
      'logs.read',
    ],
  },
  {
    title: 'Deploy code',
    actions: ['projects.list', 'project.deploy', 'versions.read', 'spiders.read'],
  },
];
