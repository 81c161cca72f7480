import { withKey } from './client.ts';
import { form } from './dialect-steps.ts';
import type { Day, Step } from './step.ts';

const WHO = 'user ann';

const at = ({ project }: Day, path: string) => `/projects/${project}${path}`;

/** A line about what has a number that the script does not know beforehand. */
const line = (action: string, object: string, more: object = {}) => ({ who: WHO, action, object, ...more });

const SECRET_ADDRESS = 'https://hooks.example.org/services/planted';
const SHOWN_ADDRESS = 'https://hooks.example.org/…';

/** Receivers of events, rules, and filters that are kept. */
const TELLING_STEPS: Step[] = [
  {
    operation: 'POST /console/projects/:project/webhooks',
    run: async (day) => {
      const answer = await day.owner.send('POST', at(day, '/webhooks'), { url: SECRET_ADDRESS });
      day.kept.webhook = answer.body.webhook.id;
      day.kept.secrets = [answer.body.secret];
      return answer;
    },
    lines: ({ kept }) => [
      line('webhook.made', `webhook ${kept.webhook}`, {
        after: expect.objectContaining({ url: SHOWN_ADDRESS, types: [], disabled: false }),
      }),
    ],
  },
  {
    operation: 'PATCH /console/projects/:project/webhooks/:webhook',
    run: (day) => day.owner.send('PATCH', at(day, `/webhooks/${day.kept.webhook}`), { disabled: true }),
    lines: ({ kept }) => [
      line('webhook.changed', `webhook ${kept.webhook}`, {
        before: expect.objectContaining({ disabled: false }),
        after: expect.objectContaining({ disabled: true }),
      }),
    ],
  },
  {
    operation: 'POST /console/projects/:project/webhooks/:webhook/secret',
    run: async (day) => {
      const answer = await day.owner.send('POST', at(day, `/webhooks/${day.kept.webhook}/secret`), {});
      day.kept.secrets.push(answer.body.secret);
      return answer;
    },
    lines: ({ kept }) => [line('webhook.rotated', `webhook ${kept.webhook}`)],
  },
  {
    operation: 'POST /console/projects/:project/webhooks/:webhook/test',
    run: (day) => day.owner.send('POST', at(day, `/webhooks/${day.kept.webhook}/test`), {}),
    lines: ({ kept, last }) => [
      line('webhook.tested', `webhook ${kept.webhook}`, { after: { message: last.id } }),
    ],
  },
  {
    operation: 'POST /console/projects/:project/webhooks/:webhook/deliveries/replay',
    run: async (day) => {
      const id = day.last.id;
      day.kept.message = id;
      return day.owner.send('POST', at(day, `/webhooks/${day.kept.webhook}/deliveries/replay`), { id });
    },
    lines: ({ kept }) => [
      line('webhook.replayed', `webhook ${kept.webhook}`, {
        after: { message: kept.message, since: null, until: null, states: null, deliveries: 1 },
      }),
    ],
  },
  {
    operation: 'POST /console/projects/:project/rules',
    run: async (day) => {
      const action = { channel: 'run', spider: 'b', args: { token: 'planted' } };
      const answer = await day.owner.send('POST', at(day, '/rules'), {
        name: 'r',
        when: { spiders: ['a'] },
        action,
      });
      day.kept.rule = answer.body.id;
      return answer;
    },
    lines: ({ kept }) => [
      line('rule.made', `rule ${kept.rule}`, {
        after: {
          name: 'r',
          disabled: false,
          when: expect.objectContaining({ spiders: ['a'] }),
          channel: 'run',
          spider: 'b',
        },
      }),
    ],
  },
  {
    operation: 'PATCH /console/projects/:project/rules/:rule',
    run: (day) =>
      day.owner.send('PATCH', at(day, `/rules/${day.kept.rule}`), {
        action: { channel: 'slack', url: SECRET_ADDRESS },
      }),
    lines: ({ kept }) => [
      line('rule.changed', `rule ${kept.rule}`, {
        before: expect.objectContaining({ channel: 'run' }),
        after: expect.objectContaining({ channel: 'slack', url: SHOWN_ADDRESS }),
      }),
    ],
  },
  {
    operation: 'DELETE /console/projects/:project/rules/:rule',
    run: (day) => day.owner.send('DELETE', at(day, `/rules/${day.kept.rule}`)),
    lines: ({ kept }) => [
      line('rule.removed', `rule ${kept.rule}`, { before: expect.objectContaining({ name: 'r' }) }),
    ],
  },
  {
    operation: 'DELETE /console/projects/:project/webhooks/:webhook',
    run: (day) => day.owner.send('DELETE', at(day, `/webhooks/${day.kept.webhook}`)),
    lines: ({ kept }) => [
      line('webhook.removed', `webhook ${kept.webhook}`, {
        before: expect.objectContaining({ disabled: true }),
      }),
    ],
  },
  {
    operation: 'POST /console/projects/:project/views',
    run: async (day) => {
      const answer = await day.owner.send('POST', at(day, '/views'), { name: 'mine', q: 'spider:a' });
      day.kept.view = answer.body.id;
      return answer;
    },
    lines: ({ kept }) => [
      line('view.saved', `view ${kept.view}`, { after: { name: 'mine', q: 'spider:a', isShared: false } }),
    ],
  },
  {
    operation: 'DELETE /console/projects/:project/views/:view',
    run: (day) => day.owner.send('DELETE', at(day, `/views/${day.kept.view}`)),
    lines: ({ kept }) => [
      line('view.removed', `view ${kept.view}`, { before: { name: 'mine', q: 'spider:a' } }),
    ],
  },
];

const TASK = { spider: 'a', args: { token: 'planted' } };

/** Schedules, variables, settings. */
const PLANNING_STEPS: Step[] = [
  {
    operation: 'POST /console/projects/:project/schedules',
    run: async (day) => {
      const plan = { cron: '0 1 * * *', tasks: [TASK] };
      const answer = await day.owner.send('POST', at(day, '/schedules'), plan);
      day.kept.schedule = answer.body.id;
      return answer;
    },
    lines: () => [
      line('periodic.made', 'periodic job #', { after: expect.objectContaining({ spiders: ['a'] }) }),
    ],
  },
  {
    operation: 'PATCH /console/projects/:project/schedules/:schedule',
    run: (day) => day.owner.send('PATCH', at(day, `/schedules/${day.kept.schedule}`), { cron: '0 2 * * *' }),
    lines: () => [
      line('periodic.changed', 'periodic job #', {
        before: expect.objectContaining({ cron: '0 1 * * *' }),
        after: expect.objectContaining({ cron: '0 2 * * *' }),
      }),
    ],
  },
  {
    operation: 'POST /console/projects/:project/schedules/:schedule/run',
    run: (day) => day.owner.send('POST', at(day, `/schedules/${day.kept.schedule}/run`), {}),
    lines: () => [line('periodic.started', 'periodic job #')],
  },
  {
    operation: 'DELETE /console/projects/:project/schedules/:schedule',
    run: (day) => day.owner.send('DELETE', at(day, `/schedules/${day.kept.schedule}`)),
    lines: () => [
      line('periodic.removed', 'periodic job #', { before: expect.objectContaining({ cron: '0 2 * * *' }) }),
    ],
  },
  {
    operation: 'PATCH /console/projects/:project/variables',
    run: (day) =>
      day.owner.send('PATCH', at(day, '/variables'), { set: { STAGE: 'x' }, secrets: { DB: 'planted' } }),
    lines: ({ project }) => [
      line('variables.changed', `project ${project}`, { before: {}, after: { STAGE: 'x', DB: '****' } }),
    ],
  },
  {
    operation: 'PATCH /console/projects/:project/settings',
    run: (day) =>
      day.owner.send('PATCH', at(day, '/settings'), {
        set: { LOG_LEVEL: 'INFO' },
        secrets: { PROXY: 'planted' },
      }),
    lines: ({ project }) => [
      line('settings.changed', `project ${project}`, { before: {}, after: { PROXY: '****' } }),
      line('settings.changed', `project ${project}`, { before: {}, after: { LOG_LEVEL: '"INFO"' } }),
    ],
  },
];

/** Code and its spiders. */
const CODE_STEPS: Step[] = [
  {
    operation: 'PATCH /console/projects/:project/spiders/:spider/settings',
    run: (day) => day.owner.send('PATCH', at(day, '/spiders/1/settings'), { set: { RETRY_TIMES: 3 } }),
    lines: () => [line('settings.changed', 'spider 1', { before: {}, after: { RETRY_TIMES: '3' } })],
  },
  {
    operation: 'POST /console/projects/:project/spiders/:spider/tags',
    run: (day) => day.owner.send('POST', at(day, '/spiders/1/tags'), { add: ['nightly'] }),
    lines: () => [
      line('spider.tagged', 'spider 1', {
        before: { tags: ['daily'] },
        after: { tags: ['daily', 'nightly'] },
      }),
    ],
  },
  {
    operation: 'POST /console/projects/:project/versions',
    run: (day) =>
      fetch(`${day.base}/console${at(day, '/versions')}`, {
        method: 'POST',
        headers: withKey(day.api.team.key),
        body: form({ version: '3' }, true),
      }),
    lines: () => [
      {
        who: 'key acme-user',
        action: 'version.deployed',
        object: 'version 3',
        after: { egg: expect.any(String), stack: null, spiders: 1 },
      },
    ],
  },
  {
    operation: 'POST /console/projects/:project/versions/:version/use',
    run: (day) => day.owner.send('POST', at(day, '/versions/1.0/use'), {}),
    lines: () => [line('version.chosen', 'version 1.0', { before: { inUse: '3' }, after: { inUse: '1.0' } })],
  },
  {
    operation: 'DELETE /console/projects/:project/versions/:version',
    run: (day) => day.owner.send('DELETE', at(day, '/versions/3')),
    lines: () => [line('version.deleted', 'version 3', { before: expect.objectContaining({ spiders: 1 }) })],
  },
];

/** What people change on the web page, beside people, keys and jobs. */
export const PAGE_STEPS: Step[] = [...TELLING_STEPS, ...PLANNING_STEPS, ...CODE_STEPS];
