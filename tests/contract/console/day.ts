import { Browser, withKey } from './client.ts';
import { DIALECT_STEPS } from './dialect-steps.ts';
import { CONSOLE_JOB_STEPS, DIALECT_JOB_STEPS } from './job-steps.ts';
import { PAGE_STEPS } from './page-steps.ts';
import { PASSWORD } from './people.ts';
import { type Day, NEW_PASSWORD, type Step } from './step.ts';

/** A day of an organisation: everything that changes something, once at least. */
export const SCRIPT: Step[] = [
  {
    operation: 'POST /console/session',
    run: ({ owner }) => owner.signIn({ name: 'ann', password: PASSWORD }),
    lines: ({ last }) => [{ who: 'user ann', action: 'session.began', object: `session ${last.session.id}` }],
  },
  {
    operation: 'PUT /console/me/password',
    run: ({ owner }) => owner.send('PUT', '/me/password', { current: PASSWORD, password: NEW_PASSWORD }),
    lines: ({ users }) => [{ who: 'user ann', action: 'password.changed', object: `user ${users.ann}` }],
  },
  {
    operation: 'POST /console/session',
    run: async (day) => {
      const answer = await day.second.signIn({ name: 'ann', password: NEW_PASSWORD });
      day.kept.second = answer.body.session.id;
      return answer;
    },
    lines: ({ kept }) => [{ who: 'user ann', action: 'session.began', object: `session ${kept.second}` }],
  },
  {
    operation: 'DELETE /console/sessions/:session',
    run: ({ owner, kept }) => owner.send('DELETE', `/sessions/${kept.second}`),
    lines: ({ kept }) => [{ who: 'user ann', action: 'session.ended', object: `session ${kept.second}` }],
  },
  {
    operation: 'POST /console/session',
    run: ({ second }) => second.signIn({ name: 'ann', password: NEW_PASSWORD }),
    lines: ({ last }) => [{ who: 'user ann', action: 'session.began', object: `session ${last.session.id}` }],
  },
  {
    operation: 'DELETE /console/sessions',
    run: ({ owner }) => owner.send('DELETE', '/sessions'),
    lines: ({ users }) => [
      { who: 'user ann', action: 'session.ended', object: `1 sessions of user ${users.ann}` },
    ],
  },
  {
    operation: 'PATCH /console/organisations/:organisation',
    run: ({ owner, organisation }) =>
      owner.send('PATCH', `/organisations/${organisation}`, { name: 'acme inc' }),
    lines: ({ organisation }) => [
      {
        who: 'user ann',
        action: 'organisation.changed',
        object: `organisation ${organisation}`,
        before: { name: 'acme' },
        after: { name: 'acme inc' },
      },
    ],
  },
  {
    operation: 'POST /console/organisations/:organisation/projects',
    run: ({ owner, organisation }) =>
      owner.send('POST', `/organisations/${organisation}/projects`, { name: 'new' }),
    lines: ({ last }) => [
      { who: 'user ann', action: 'project.made', object: `project ${last.id}`, after: { name: 'new' } },
    ],
  },
  {
    operation: 'PATCH /console/projects/:project',
    run: ({ owner, project }) => owner.send('PATCH', `/projects/${project}`, { paused: true }),
    lines: ({ project }) => [
      {
        who: 'user ann',
        action: 'project.changed',
        object: `project ${project}`,
        before: { paused: false },
        after: { paused: true },
      },
    ],
  },
  ...['organisations', 'projects'].flatMap((place): Step[] => {
    const param = place === 'organisations' ? ':organisation' : ':project';
    const path = (day: Day) => `/${place}/${place === 'organisations' ? day.organisation : day.project}`;
    return [
      {
        operation: `POST /console/${place}/${param}/invitations`,
        run: (day) => day.owner.send('POST', `${path(day)}/invitations`, { role: 'operator' }),
        lines: () => [
          { who: 'user ann', action: 'invitation.made', object: 'invitation #', after: { role: 'operator' } },
        ],
      },
      {
        operation: `DELETE /console/${place}/${param}/invitations/:invitation`,
        run: async (day) => {
          const { invitations } = (await day.owner.get(`${path(day)}/invitations`)).body;
          return day.owner.send('DELETE', `${path(day)}/invitations/${invitations[0].id}`);
        },
        lines: () => [{ who: 'user ann', action: 'invitation.withdrawn', object: 'invitation #' }],
      },
    ];
  }),
  {
    operation: 'POST /console/accounts',
    run: async (day) => {
      const { project, owner, guest } = day;
      const { token } = (await owner.send('POST', `/projects/${project}/invitations`, { role: 'reader' }))
        .body;
      const answer = await guest.send('POST', '/accounts', { token, name: 'carl', password: PASSWORD });
      guest.csrfToken = answer.body.csrfToken;
      day.users.carl = answer.body.user.id;
      return answer;
    },
    lines: ({ users, last }) => [
      { who: 'user ann', action: 'invitation.made', object: 'invitation #', after: { role: 'reader' } },
      { who: 'nobody nobody', action: 'user.made', object: `user ${users.carl}`, after: { name: 'carl' } },
      {
        who: 'nobody nobody',
        action: 'member.added',
        object: `user ${users.carl}`,
        after: { role: 'reader' },
      },
      { who: 'user carl', action: 'session.began', object: `session ${last.session.id}` },
    ],
  },
  {
    operation: 'POST /console/me/invitations',
    run: async ({ organisation, owner, guest }) => {
      const path = `/organisations/${organisation}/invitations`;
      const { token } = (await owner.send('POST', path, { role: 'developer' })).body;
      return guest.send('POST', '/me/invitations', { token });
    },
    lines: ({ users }) => [
      { who: 'user ann', action: 'invitation.made', object: 'invitation #', after: { role: 'developer' } },
      {
        who: 'user carl',
        action: 'member.added',
        object: `user ${users.carl}`,
        after: { role: 'developer' },
      },
    ],
  },
  {
    operation: 'PATCH /console/organisations/:organisation/members/:user',
    run: ({ owner, organisation, users }) =>
      owner.send('PATCH', `/organisations/${organisation}/members/${users.bob}`, { role: 'admin' }),
    lines: ({ users }) => [
      {
        who: 'user ann',
        action: 'member.changed',
        object: `user ${users.bob}`,
        before: { role: 'reader' },
        after: { role: 'admin' },
      },
    ],
  },
  {
    operation: 'PATCH /console/projects/:project/members/:user',
    run: ({ owner, project, users }) =>
      owner.send('PATCH', `/projects/${project}/members/${users.carl}`, { role: 'operator' }),
    lines: ({ users }) => [
      {
        who: 'user ann',
        action: 'member.changed',
        object: `user ${users.carl}`,
        before: { role: 'reader' },
        after: { role: 'operator' },
      },
    ],
  },
  {
    operation: 'DELETE /console/projects/:project/members/:user',
    run: ({ owner, project, users }) => owner.send('DELETE', `/projects/${project}/members/${users.carl}`),
    lines: ({ users }) => [
      {
        who: 'user ann',
        action: 'member.removed',
        object: `user ${users.carl}`,
        before: { role: 'operator' },
      },
    ],
  },
  {
    operation: 'POST /console/organisations/:organisation/members/:user/password-link',
    run: async (day) => {
      const { organisation, users } = day;
      const path = `/organisations/${organisation}/members/${users.bob}/password-link`;
      const answer = await day.owner.send('POST', path, {});
      day.kept.link = answer.body.token;
      return answer;
    },
    lines: ({ users }) => [
      { who: 'user ann', action: 'link.made', object: `user ${users.bob}`, after: { kind: 'password' } },
    ],
  },
  {
    operation: 'POST /console/links/password',
    run: ({ guest, kept }) =>
      guest.send('POST', '/links/password', { token: kept.link, password: NEW_PASSWORD }),
    lines: ({ users, last }) => [
      { who: 'nobody nobody', action: 'link.used', object: `user ${users.bob}`, after: { kind: 'password' } },
      { who: 'nobody nobody', action: 'password.changed', object: `user ${users.bob}` },
      // The browser had been somebody else's.
      { who: 'nobody nobody', action: 'session.ended', object: 'session #' },
      { who: 'user bob', action: 'session.began', object: `session ${last.session.id}` },
    ],
  },
  {
    operation: 'DELETE /console/organisations/:organisation/members/:user',
    run: ({ owner, organisation, users }) =>
      owner.send('DELETE', `/organisations/${organisation}/members/${users.carl}`),
    lines: ({ users }) => [
      {
        who: 'user ann',
        action: 'member.removed',
        object: `user ${users.carl}`,
        before: { role: 'developer' },
      },
    ],
  },
  ...['/me/keys', '/projects/:project/keys'].flatMap((place): Step[] => {
    const path = (day: Day) => place.replace(':project', String(day.project));
    const role = place === '/me/keys' ? null : 'operator';
    const terms = {
      name: 'k',
      role,
      actions: ['jobs.read'],
      projects: null,
      networks: null,
      expiresAt: null,
    };
    const after = () => expect.objectContaining({ ...terms, hint: expect.stringMatching(/^sphub_.{4}$/) });
    return [
      {
        operation: `POST /console${place}`,
        run: async (day) => {
          const body = { name: 'k', actions: ['jobs.read'], ...(role && { role }) };
          const answer = await day.owner.send('POST', path(day), body);
          day.kept.key = answer.body.key.id;
          return answer;
        },
        lines: ({ kept }) => [
          { who: 'user ann', action: 'key.made', object: `key ${kept.key}`, after: after() },
        ],
      },
      {
        operation: `POST /console${place}/:apikey/rotation`,
        run: async (day) => {
          const answer = await day.owner.send('POST', `${path(day)}/${day.kept.key}/rotation`, {});
          day.kept.next = answer.body.key.id;
          return answer;
        },
        lines: ({ kept }) => [
          {
            who: 'user ann',
            action: 'key.replaced',
            object: `key ${kept.next}`,
            after: after(),
            before: { key: kept.key, endsAt: expect.any(String) },
          },
        ],
      },
      {
        operation: `DELETE /console${place}/:apikey`,
        run: (day) => day.owner.send('DELETE', `${path(day)}/${day.kept.key}`),
        lines: ({ kept }) => [
          { who: 'user ann', action: 'key.revoked', object: `key ${kept.key}`, before: expect.anything() },
        ],
      },
    ];
  }),
  {
    operation: 'DELETE /console/organisations/:organisation/keys/:apikey',
    run: (day) => day.owner.send('DELETE', `/organisations/${day.organisation}/keys/${day.kept.next}`),
    lines: ({ kept }) => [
      { who: 'user ann', action: 'key.revoked', object: `key ${kept.next}`, before: expect.anything() },
    ],
  },
  ...DIALECT_JOB_STEPS,
  ...CONSOLE_JOB_STEPS,
  ...DIALECT_STEPS,
  ...PAGE_STEPS,
  {
    operation: 'POST /console/organisations',
    run: ({ api, staff }) =>
      new Browser(api, withKey(staff)).send('POST', '/organisations', { name: 'initech' }),
    lines: ({ last }) => [
      {
        who: 'staff staff',
        action: 'organisation.made',
        object: `organisation ${last.id}`,
        after: { name: 'initech' },
      },
    ],
  },
  {
    operation: 'PATCH /console/organisations/:organisation/limits',
    run: ({ api, staff, organisation }) =>
      new Browser(api, withKey(staff)).send('PATCH', `/organisations/${organisation}/limits`, {
        pendingJobs: 500,
      }),
    lines: ({ organisation }) => [
      {
        who: 'staff staff',
        action: 'limits.changed',
        object: `organisation ${organisation}`,
        before: { limits: {} },
        after: { limits: { pendingJobs: 500 } },
      },
    ],
  },
  {
    operation: 'PATCH /console/projects/:project/limits',
    run: ({ api, staff, project }) =>
      new Browser(api, withKey(staff)).send('PATCH', `/projects/${project}/limits`, { runningJobs: 5 }),
    lines: ({ project }) => [
      {
        who: 'staff staff',
        action: 'limits.changed',
        object: `project ${project}`,
        before: { limits: {}, max_running: null },
        after: { limits: {}, max_running: 5 },
      },
    ],
  },
  {
    operation: 'DELETE /console/session',
    run: ({ owner }) => owner.send('DELETE', '/session'),
    lines: () => [{ who: 'user ann', action: 'session.ended', object: 'session #' }],
  },
];
