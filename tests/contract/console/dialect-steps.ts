import { scheduleRequest } from '../../support/team.ts';
import { withKey } from './client.ts';
import type { Day, Step } from './step.ts';

/** An empty ZIP file, which passes for an egg. */
const EGG = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]);
export const FORM = 'application/x-www-form-urlencoded';

type Body = FormData | Record<string, unknown> | string | undefined;

/** As the team's key, over one of the dialects. */
export async function send(day: Day, method: string, path: string, body?: Body, type = 'application/json') {
  const isForm = body instanceof FormData;
  return fetch(`${day.base}${path}`, {
    method,
    headers: { ...withKey(day.api.team.key), ...(body !== undefined && !isForm && { 'content-type': type }) },
    body: body === undefined ? null : isForm || typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export function form(fields: Record<string, string>, egg = false): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  if (egg) made.set('egg', new Blob([EGG]), 'x.egg');
  return made;
}

const KEY = 'acme-user';

/** The line of a job that the script makes beside what it tries. */
const byOurselves = (job: string) => ({
  who: 'service test',
  action: 'jobs.scheduled',
  object: `job ${job}`,
  after: { jobs: [job] },
});

/** What the team's key changes over the other APIs. */
export const DIALECT_STEPS: Step[] = [
  {
    operation: 'POST /api/scrapyd/addversion.json',
    run: (day) =>
      send(
        day,
        'POST',
        '/api/scrapyd/addversion.json',
        form({ project: String(day.project), version: '2' }, true),
      ),
    lines: () => [
      {
        who: `key ${KEY}`,
        action: 'version.deployed',
        object: 'version 2',
        after: { egg: expect.any(String), stack: null, spiders: 1 },
      },
    ],
  },
  {
    operation: 'POST /api/eggs/add.json',
    run: (day) =>
      send(
        day,
        'POST',
        '/api/eggs/add.json',
        form({ project: String(day.project), name: 'lib', version: '1' }, true),
      ),
    lines: () => [
      {
        who: `key ${KEY}`,
        action: 'egg.saved',
        object: 'egg lib',
        after: { version: '1', sha256: expect.any(String) },
      },
    ],
  },
  {
    operation: 'POST /api/eggs/delete.json',
    run: (day) => send(day, 'POST', '/api/eggs/delete.json', { project: day.project, name: 'lib' }),
    lines: () => [
      {
        who: `key ${KEY}`,
        action: 'egg.deleted',
        object: 'egg lib',
        before: expect.objectContaining({ version: '1' }),
      },
    ],
  },
  {
    operation: 'POST /api/releases/deploy.json',
    run: (day) =>
      send(
        day,
        'POST',
        '/api/releases/deploy.json',
        new URLSearchParams({
          project: String(day.project),
          version: 'r1',
          image_url: 'images.example.com/shop:1',
          spiders: 'imaged',
          project_type: 'scrapy',
        }).toString(),
        FORM,
      ),
    lines: () => [
      {
        who: `key ${KEY}`,
        action: 'release.deployed',
        object: 'release r1',
        after: { image: 'images.example.com/shop:1' },
      },
    ],
  },
  {
    operation: 'PATCH /api/v2/projects/:project/spiders/:spider/tags',
    run: (day) => send(day, 'PATCH', `/api/v2/projects/${day.project}/spiders/1/tags`, { add: ['daily'] }),
    lines: () => [
      {
        who: `key ${KEY}`,
        action: 'spider.tagged',
        object: 'spider 1',
        before: { tags: [] },
        after: { tags: ['daily'] },
      },
    ],
  },
  {
    operation: 'POST /storage/projects/:project/settings',
    run: (day) =>
      send(day, 'POST', `/storage/projects/${day.project}/settings`, {
        DELAY: 1,
        SHOP_PASSWORD: 'planted-setting',
      }),
    lines: ({ project }) => [
      {
        who: `key ${KEY}`,
        action: 'settings.changed',
        object: `project ${project}`,
        before: {},
        after: { DELAY: '1', SHOP_PASSWORD: '****' },
      },
    ],
  },
  {
    operation: 'DELETE /storage/projects/:project/settings/:key',
    run: (day) => send(day, 'DELETE', `/storage/projects/${day.project}/settings/DELAY`),
    lines: ({ project }) => [
      {
        who: `key ${KEY}`,
        action: 'settings.changed',
        object: `project ${project}`,
        before: { DELAY: '1' },
        after: {},
      },
    ],
  },
  ...['/api', '/api/v2'].flatMap((base): Step[] => {
    const path = (day: Day) => `${base}/projects/${day.project}/periodicjobs`;
    const at = `${base}/projects/:project/periodicjobs`;
    const tasks = [{ name: 'a', spider_args: { token: 'planted-argument' } }];
    const line = (action: string) => ({ who: `key ${KEY}`, action, object: 'periodic job #' });
    const planned = (cron: string) => expect.objectContaining({ cron, spiders: ['a'] });
    return [
      {
        operation: `POST ${at}`,
        run: async (day) => {
          const answer = await send(day, 'POST', path(day), { cron: '0 1 * * *', tasks });
          day.kept.periodic = ((await answer.clone().json()) as { id: number }).id;
          return answer;
        },
        lines: () => [{ ...line('periodic.made'), after: planned('0 1 * * *') }],
      },
      {
        operation: `PATCH ${at}/:id`,
        run: (day) => send(day, 'PATCH', `${path(day)}/${day.kept.periodic}`, { cron: '0 2 * * *' }),
        lines: () => [
          { ...line('periodic.changed'), before: planned('0 1 * * *'), after: planned('0 2 * * *') },
        ],
      },
      {
        operation: `PUT ${at}/:id`,
        run: (day) => send(day, 'PUT', `${path(day)}/${day.kept.periodic}`, { cron: '0 3 * * *', tasks }),
        lines: () => [
          { ...line('periodic.changed'), before: planned('0 2 * * *'), after: planned('0 3 * * *') },
        ],
      },
      {
        operation: `DELETE ${at}/:id`,
        run: (day) => send(day, 'DELETE', `${path(day)}/${day.kept.periodic}`),
        lines: () => [{ ...line('periodic.removed'), before: planned('0 3 * * *') }],
      },
    ];
  }),
  {
    operation: 'POST /api/jobs/delete.json',
    run: async (day) => {
      const { jobs } = day.api;
      const keys = [];
      for (const n of ['1', '2']) {
        const { project, spider, job } = await jobs.schedule(
          scheduleRequest(day.project, 'a', { args: { n } }),
        );
        keys.push(`${project}/${spider}/${job}`);
      }
      day.kept.jobs = keys;
      const fields = [['project', String(day.project)], ...keys.map((key) => ['job', key])];
      const body = new URLSearchParams(fields as [string, string][]).toString();
      return send(day, 'POST', '/api/jobs/delete.json', body, FORM);
    },
    lines: ({ kept }) => [
      ...kept.jobs.map(byOurselves),
      { who: `key ${KEY}`, action: 'jobs.deleted', object: '2 jobs', before: { jobs: kept.jobs } },
    ],
  },
  {
    operation: 'DELETE /storage/jobs/:project/:spider/:job',
    run: async (day) => {
      const { project, spider, job } = await day.api.jobs.schedule(scheduleRequest(day.project, 'a'));
      day.kept.job = `${project}/${spider}/${job}`;
      return send(day, 'DELETE', `/storage/jobs/${day.kept.job}`);
    },
    lines: ({ kept }) => [
      byOurselves(kept.job),
      { who: `key ${KEY}`, action: 'jobs.deleted', object: `job ${kept.job}`, before: { jobs: [kept.job] } },
    ],
  },
  {
    operation: 'POST /storage/jobq/:project/update',
    run: async (day) => {
      const { project, spider, job } = await day.api.jobs.schedule(scheduleRequest(day.project, 'a'));
      day.kept.job = `${project}/${spider}/${job}`;
      return send(day, 'POST', `/storage/jobq/${day.project}/update`, {
        key: day.kept.job,
        state: 'deleted',
      });
    },
    lines: ({ kept }) => [
      byOurselves(kept.job),
      { who: `key ${KEY}`, action: 'jobs.deleted', object: `job ${kept.job}`, before: { jobs: [kept.job] } },
    ],
  },
  {
    operation: 'POST /scrapyd/addversion.json',
    run: (day) =>
      send(day, 'POST', '/scrapyd/addversion.json', form({ project: 'shop', version: '7' }, true)),
    lines: () => [
      { who: `key ${KEY}`, action: 'project.made', object: 'project #', after: { name: 'shop' } },
      { who: `key ${KEY}`, action: 'version.deployed', object: 'version 7', after: expect.anything() },
    ],
  },
  {
    operation: 'POST /scrapyd/delversion.json',
    run: (day) => send(day, 'POST', '/scrapyd/delversion.json', `project=${day.projectName}&version=2`, FORM),
    lines: () => [
      {
        who: `key ${KEY}`,
        action: 'version.deleted',
        object: 'version 2',
        before: expect.objectContaining({ spiders: 1 }),
      },
    ],
  },
  {
    operation: 'POST /scrapyd/delproject.json',
    run: (day) => send(day, 'POST', '/scrapyd/delproject.json', 'project=shop', FORM),
    lines: () => [
      {
        who: `key ${KEY}`,
        action: 'project.emptied',
        object: 'project #',
        before: { versions: ['7'] },
        after: { cancelled: 0 },
      },
    ],
  },
];
