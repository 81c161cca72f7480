import { scheduleRequest } from '../../support/team.ts';
import { FORM, send } from './dialect-steps.ts';
import type { Day, Expected, Step } from './step.ts';

const KEY = 'key acme-user';
const TAGS = { add: ['good'], remove: [] };

/** Each job differs from those before it: a second one with the same arguments is refused. */
let runs = 0;

/** A job that waits, made by our own hands. */
async function waiting(day: Day, more: Parameters<typeof scheduleRequest>[2] = {}): Promise<string> {
  const { project, spider, job } = await day.api.jobs.schedule(scheduleRequest(day.project, 'a', more));
  day.kept.job = `${project}/${spider}/${job}`;
  return day.kept.job;
}

/** What `waiting` leaves behind. */
export const ITS_OWN: Expected = {
  who: 'service test',
  action: 'jobs.scheduled',
  object: 'job #',
  after: { jobs: [expect.any(String)] },
};

const scheduled = (who: string): Expected => ({ ...ITS_OWN, who });

function done(who: string, action: string, jobs: string[], after?: Record<string, unknown>): Expected {
  return { who, action, object: 'job #', before: { jobs }, ...(after && { after }) };
}

/** What is done with jobs over the other APIs. */
export const DIALECT_JOB_STEPS: Step[] = [
  ...['/api/run.json', '/api/schedule.json'].map(
    (path): Step => ({
      operation: `POST ${path}`,
      run(day) {
        runs += 1;
        const fields = { project: String(day.project), spider: 'a', n: String(runs), job_settings: '{}' };
        return send(day, 'POST', path, new URLSearchParams(fields).toString(), FORM);
      },
      lines: () => [scheduled(KEY)],
    }),
  ),
  {
    operation: 'POST /scrapyd/schedule.json',
    run: (day) =>
      send(
        day,
        'POST',
        '/scrapyd/schedule.json',
        new URLSearchParams({
          project: day.projectName,
          spider: 'a',
          jobid: 'one',
          pw: 'planted',
        }).toString(),
        FORM,
      ),
    lines: () => [scheduled(KEY)],
  },
  {
    operation: 'POST /scrapyd/cancel.json',
    run: (day) => send(day, 'POST', '/scrapyd/cancel.json', `project=${day.projectName}&job=one`, FORM),
    lines: () => [done(KEY, 'jobs.stopped', [expect.any(String)], { level: 1 })],
  },
  {
    operation: 'POST /storage/jobq/:project/push',
    run: (day) =>
      send(day, 'POST', `/storage/jobq/${day.project}/push`, { spider: 'a', spider_args: { n: 'p' } }),
    lines: () => [scheduled(KEY)],
  },
  {
    operation: 'POST /api/jobs/update.json',
    run: async (day) => {
      const job = await waiting(day);
      return send(
        day,
        'POST',
        '/api/jobs/update.json',
        `project=${day.project}&job=${job}&add_tag=good`,
        FORM,
      );
    },
    lines: ({ kept }) => [ITS_OWN, done(KEY, 'jobs.tagged', [kept.job], TAGS)],
  },
  {
    operation: 'POST /api/jobs/update.json',
    run: (day) =>
      send(day, 'POST', '/api/jobs/update.json', `project=${day.project}&has_tag=good&remove_tag=good`, FORM),
    lines: () => [
      {
        who: KEY,
        action: 'jobs.tagged',
        object: '1 jobs',
        before: { where: { hasTag: ['good'] } },
        after: { add: [], remove: ['good'] },
      },
    ],
  },
  {
    operation: 'POST /api/jobs/stop.json',
    run: (day) =>
      send(day, 'POST', '/api/jobs/stop.json', `project=${day.project}&job=${day.kept.job}`, FORM),
    lines: ({ kept }) => [done(KEY, 'jobs.stopped', [kept.job], { level: 1 })],
  },
  {
    operation: 'POST /storage/jobq/:project/:spider/:job/cancel',
    run: async (day) => send(day, 'POST', `/storage/jobq/${await waiting(day)}/cancel`),
    lines: ({ kept }) => [ITS_OWN, done(KEY, 'jobs.stopped', [kept.job], { level: 1 })],
  },
  {
    operation: 'POST /storage/jobq/:project/cancel',
    run: async (day) =>
      send(day, 'POST', `/storage/jobq/${day.project}/cancel`, [{ key: await waiting(day) }] as never),
    lines: ({ kept }) => [ITS_OWN, done(KEY, 'jobs.stopped', [kept.job], { level: 1 })],
  },
  {
    operation: 'POST /storage/jobq/:project/startjob',
    run: async (day) => {
      await waiting(day, { external: true, priority: 4 });
      return send(day, 'POST', `/storage/jobq/${day.project}/startjob`, {});
    },
    lines: ({ kept }) => [ITS_OWN, done(KEY, 'jobs.taken', [kept.job])],
  },
  {
    operation: 'POST /storage/jobq/:project/update',
    run: (day) =>
      send(day, 'POST', `/storage/jobq/${day.project}/update`, { key: day.kept.job, state: 'finished' }),
    lines: ({ kept }) => [done(KEY, 'jobs.moved', [kept.job], { state: 'finished' })],
  },
  {
    operation: 'POST /storage/collections/:project/rename',
    run: async (day) => {
      await send(day, 'POST', `/storage/collections/${day.project}/s/old`, { _key: 'a', value: 'planted' });
      return send(day, 'POST', `/storage/collections/${day.project}/rename?name=old&new_name=new`);
    },
    lines: () => [
      { who: KEY, action: 'collection.renamed', object: 'collection old', after: { name: 'new' } },
    ],
  },
  {
    operation: 'POST /storage/collections/:project/delete',
    run: (day) => send(day, 'POST', `/storage/collections/${day.project}/delete?name=new`),
    lines: () => [
      { who: KEY, action: 'collection.dropped', object: 'collection new', before: { types: ['s'] } },
    ],
  },
  {
    operation: 'DELETE /storage/collections/:project/:type/:name',
    run: async (day) => {
      await send(day, 'POST', `/storage/collections/${day.project}/s/other`, { _key: 'a', value: 1 });
      return send(day, 'DELETE', `/storage/collections/${day.project}/s/other`);
    },
    lines: () => [
      { who: KEY, action: 'collection.dropped', object: 'collection other', before: { types: ['s'] } },
    ],
  },
];

const PEOPLE = 'user ann';

/** A path of `/console` of the job that waits. */
const ofJob = ({ kept }: Day, verb = '') => {
  const [project, spider, job] = (kept.job as string).split('/');
  return `/projects/${project}/jobs/${spider}/${job}${verb}`;
};

/** What people do with jobs on the web page. */
export const CONSOLE_JOB_STEPS: Step[] = [
  {
    operation: 'POST /console/projects/:project/jobs',
    run: async (day) => {
      const args = [{ name: 'password', value: 'planted' }];
      const answer = await day.owner.send('POST', `/projects/${day.project}/jobs`, { spider: 'a', args });
      day.kept.job = answer.body.key;
      return answer;
    },
    lines: ({ kept }) => [{ ...scheduled(PEOPLE), after: { jobs: [kept.job] } }],
  },
  {
    operation: 'POST /console/projects/:project/jobs/:spider/:job/tags',
    run: (day) => day.owner.send('POST', ofJob(day, '/tags'), { add: ['good'] }),
    lines: ({ kept }) => [done(PEOPLE, 'jobs.tagged', [kept.job], TAGS)],
  },
  {
    operation: 'POST /console/projects/:project/jobs/:spider/:job/stop',
    run: (day) => day.owner.send('POST', ofJob(day, '/stop'), {}),
    lines: ({ kept }) => [done(PEOPLE, 'jobs.stopped', [kept.job], { level: 1 })],
  },
  {
    operation: 'POST /console/projects/:project/bulk/run',
    run: (day) => day.owner.send('POST', `/projects/${day.project}/bulk/run`, { keys: [day.kept.job] }),
    lines: () => [scheduled(PEOPLE)],
  },
  {
    operation: 'DELETE /console/projects/:project/jobs/:spider/:job',
    run: (day) => day.owner.send('DELETE', ofJob(day)),
    lines: ({ kept }) => [done(PEOPLE, 'jobs.deleted', [kept.job])],
  },
  ...(['tags', 'stop', 'delete'] as const).map(
    (verb): Step => ({
      operation: `POST /console/projects/:project/bulk/${verb}`,
      run: async (day) => {
        const body = { keys: [await waiting(day)], ...(verb === 'tags' && { add: ['good'] }) };
        return day.owner.send('POST', `/projects/${day.project}/bulk/${verb}`, body);
      },
      lines: ({ kept: { job } }) => [
        ITS_OWN,
        {
          tags: done(PEOPLE, 'jobs.tagged', [job], TAGS),
          stop: done(PEOPLE, 'jobs.stopped', [job], { level: 1 }),
          delete: done(PEOPLE, 'jobs.deleted', [job]),
        }[verb],
      ],
    }),
  ),
];
