import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  redirect,
} from '@tanstack/react-router';
import { ApiError } from './api/client.ts';
import { DELIVERY_STATES, type DeliveryState } from './api/webhooks.ts';
import { jobSearch } from './features/job/search.ts';
import { SHOWN, type Shown } from './features/periodic/search.ts';
import { Alone, NotFound, PageFailed } from './frame/alone.tsx';
import { Frame } from './frame/frame.tsx';
import { meQuery } from './lib/me.ts';
import { partIsMissing } from './lib/new-page.ts';
import { queryClient } from './lib/queries.ts';
import { whole } from './lib/whole.ts';

/** A screen that is loaded when somebody goes there. */
const page = (load: () => Promise<{ default: React.ComponentType }>) =>
  lazyRouteComponent(() => load().catch(partIsMissing));

const root = createRootRoute({ notFoundComponent: NotFound, errorComponent: PageFailed });

const alone = createRoute({ getParentRoute: () => root, id: 'alone', component: Alone });
const link = <const P extends string>(path: P, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({
    getParentRoute: () => alone,
    path,
    component: page(load),
  });

/** Everything that needs somebody who is signed in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Frame,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(meQuery);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      const next = location.href === '/' ? undefined : location.href;
      throw redirect({ to: '/sign-in', search: { next } });
    }
  },
  errorComponent: PageFailed,
});

const projects = createRoute({
  getParentRoute: () => inside,
  path: '/',
  component: page(() => import('./features/projects/projects-page.tsx')),
});
const account = createRoute({
  getParentRoute: () => inside,
  path: '/account',
  component: page(() => import('./features/account/account-page.tsx')),
});
const organisation = createRoute({
  getParentRoute: () => inside,
  path: '/o/$organisation',
  component: page(() => import('./features/organisation/organisation-frame.tsx')),
  params: {
    parse: ({ organisation: text }) => ({ organisation: whole(text) ?? missing() }),
    stringify: ({ organisation: id }) => ({ organisation: String(id) }),
  },
});
const members = createRoute({
  getParentRoute: () => organisation,
  path: '/members',
  component: page(() => import('./features/organisation/members-page.tsx')),
});
const keysOfOrganisation = createRoute({
  getParentRoute: () => organisation,
  path: '/keys',
  component: page(() => import('./features/organisation/organisation-keys-page.tsx')),
});
const auditOfOrganisation = createRoute({
  getParentRoute: () => organisation,
  path: '/audit',
  component: page(() => import('./features/organisation/organisation-audit-page.tsx')),
});
const limitsOfOrganisation = createRoute({
  getParentRoute: () => organisation,
  path: '/limits',
  component: page(() => import('./features/organisation/organisation-limits-page.tsx')),
});

const project = createRoute({
  getParentRoute: () => inside,
  path: '/p/$project',
  params: {
    parse: ({ project: text }) => ({ project: whole(text) ?? missing() }),
    stringify: ({ project: id }) => ({ project: String(id) }),
  },
});
/** Both are jobs; items are compared by a field. */
interface Compared {
  a?: string | undefined;
  b?: string | undefined;
  by?: string | undefined;
}

/** A text of digits is a number in the address. */
const text = (value: unknown) =>
  typeof value === 'number' || (typeof value === 'string' && value !== '') ? String(value) : undefined;

const overview = createRoute({
  getParentRoute: () => project,
  path: '/',
  component: page(() => import('./features/overview/overview-page.tsx')),
});
const jobs = createRoute({
  getParentRoute: () => project,
  path: '/jobs',
  validateSearch: (search: Record<string, unknown>): { q?: string | undefined } => ({ q: text(search.q) }),
  component: page(() => import('./features/jobs/jobs-page.tsx')),
});
const spiders = createRoute({
  getParentRoute: () => project,
  path: '/spiders',
});
const spiderList = createRoute({
  getParentRoute: () => spiders,
  path: '/',
  component: page(() => import('./features/spiders/spiders-page.tsx')),
});
const spider = createRoute({
  getParentRoute: () => spiders,
  path: '/$spider',
  component: page(() => import('./features/spiders/spider-page.tsx')),
});
const periodic = createRoute({ getParentRoute: () => project, path: '/periodic' });
const periodicList = createRoute({
  getParentRoute: () => periodic,
  path: '/',
  validateSearch: (
    search: Record<string, unknown>,
  ): { q?: string | undefined; show?: Shown | undefined } => ({
    q: text(search.q),
    show: SHOWN.find((each) => each === search.show),
  }),
  component: page(() => import('./features/periodic/periodic-page.tsx')),
});
const newSchedule = createRoute({
  getParentRoute: () => periodic,
  path: '/new',
  validateSearch: (search: Record<string, unknown>): { spider?: string | undefined } => ({
    spider: text(search.spider),
  }),
  component: page(() => import('./features/periodic/new-schedule-page.tsx')),
});
const schedule = createRoute({
  getParentRoute: () => periodic,
  path: '/$schedule',
  params: {
    parse: ({ schedule: id }) => ({ schedule: whole(id) ?? missing() }),
    stringify: ({ schedule: id }) => ({ schedule: String(id) }),
  },
});
const oneSchedule = createRoute({
  getParentRoute: () => schedule,
  path: '/',
  component: page(() => import('./features/periodic/schedule-page.tsx')),
});
const editSchedule = createRoute({
  getParentRoute: () => schedule,
  path: '/edit',
  component: page(() => import('./features/periodic/edit-schedule-page.tsx')),
});
const webhooks = createRoute({ getParentRoute: () => project, path: '/webhooks' });
const webhookList = createRoute({
  getParentRoute: () => webhooks,
  path: '/',
  component: page(() => import('./features/webhooks/webhooks-page.tsx')),
});
const webhook = createRoute({
  getParentRoute: () => webhooks,
  path: '/$webhook',
  params: {
    parse: ({ webhook: id }) => ({ webhook: whole(id) ?? missing() }),
    stringify: ({ webhook: id }) => ({ webhook: String(id) }),
  },
  validateSearch: (search: Record<string, unknown>): { state?: DeliveryState | undefined } => ({
    state: DELIVERY_STATES.find((each) => each === search.state),
  }),
  component: page(() => import('./features/webhooks/webhook-page.tsx')),
});
const rules = createRoute({ getParentRoute: () => project, path: '/rules' });
const ruleList = createRoute({
  getParentRoute: () => rules,
  path: '/',
  component: page(() => import('./features/rules/rules-page.tsx')),
});
const rule = createRoute({
  getParentRoute: () => rules,
  path: '/$rule',
  params: {
    parse: ({ rule: id }) => ({ rule: whole(id) ?? missing() }),
    stringify: ({ rule: id }) => ({ rule: String(id) }),
  },
  component: page(() => import('./features/rules/rule-page.tsx')),
});
const code = createRoute({
  getParentRoute: () => project,
  path: '/code',
  component: page(() => import('./features/code/code-page.tsx')),
});
const settings = createRoute({
  getParentRoute: () => project,
  path: '/settings',
  component: page(() => import('./features/settings/settings-frame.tsx')),
});
const general = createRoute({
  getParentRoute: () => settings,
  path: '/',
  component: page(() => import('./features/settings/settings-page.tsx')),
});
const keysOfProject = createRoute({
  getParentRoute: () => settings,
  path: '/keys',
  component: page(() => import('./features/settings/project-keys-page.tsx')),
});
const variables = createRoute({
  getParentRoute: () => settings,
  path: '/variables',
  component: page(() => import('./features/settings/variables-page.tsx')),
});
const auditOfProject = createRoute({
  getParentRoute: () => settings,
  path: '/audit',
  component: page(() => import('./features/settings/project-audit-page.tsx')),
});
const limitsOfProject = createRoute({
  getParentRoute: () => settings,
  path: '/limits',
  component: page(() => import('./features/settings/project-limits-page.tsx')),
});
const compare = createRoute({
  getParentRoute: () => project,
  path: '/compare',
  validateSearch: (search: Record<string, unknown>): Compared => ({
    a: text(search.a),
    b: text(search.b),
    by: text(search.by),
  }),
  component: page(() => import('./features/compare/compare-page.tsx')),
});
/** Links of Scrapy Cloud's clients say `job` before the numbers. */
const oldJob = createRoute({
  getParentRoute: () => project,
  path: '/job/$spider/$job',
  beforeLoad: ({ params }) => {
    throw redirect({
      to: '/p/$project/$spider/$job',
      params: { ...params, job: whole(params.job) ?? missing() },
      replace: true,
    });
  },
});
const job = createRoute({
  getParentRoute: () => project,
  path: '/$spider/$job',
  params: {
    parse: ({ spider: name, job: number }) => ({ spider: name, job: whole(number) ?? missing() }),
    stringify: ({ spider: name, job: number }) => ({ spider: name, job: String(number) }),
  },
  validateSearch: jobSearch,
  component: page(() => import('./features/job/job-page.tsx')),
});
const serverAudit = createRoute({
  getParentRoute: () => inside,
  path: '/server/audit',
  component: page(() => import('./features/server/server-audit-page.tsx')),
});
const server = createRoute({
  getParentRoute: () => inside,
  path: '/server',
  component: page(() => import('./features/server/server-page.tsx')),
});

/** A path of this page: what goes elsewhere is left out by name, or the router would take it from the address. */
function pathOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : undefined;
}

function missing(): never {
  throw notFound();
}

const signInRoute = createRoute({
  getParentRoute: () => alone,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { next?: string | undefined } => ({
    next: pathOf(search.next),
  }),
  component: page(() => import('./features/sign-in/sign-in-page.tsx')),
});

const routeTree = root.addChildren([
  alone.addChildren([
    signInRoute,
    link('/invitation', () => import('./features/sign-in/invitation-page.tsx')),
    link('/password', () => import('./features/sign-in/password-page.tsx')),
    link('/forgotten', () => import('./features/sign-in/forgotten-page.tsx')),
    link('/email', () => import('./features/sign-in/email-page.tsx')),
  ]),
  inside.addChildren([
    projects,
    account,
    server,
    serverAudit,
    organisation.addChildren([members, keysOfOrganisation, limitsOfOrganisation, auditOfOrganisation]),
    project.addChildren([
      overview,
      jobs,
      spiders.addChildren([spiderList, spider]),
      periodic.addChildren([periodicList, newSchedule, schedule.addChildren([oneSchedule, editSchedule])]),
      webhooks.addChildren([webhookList, webhook]),
      rules.addChildren([ruleList, rule]),
      code,
      settings.addChildren([general, keysOfProject, variables, limitsOfProject, auditOfProject]),
      compare,
      oldJob,
      job,
    ]),
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultErrorComponent: PageFailed,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
