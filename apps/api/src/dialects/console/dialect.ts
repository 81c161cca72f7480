import { type Request, Router } from 'express';
import { refuseForeignSites } from '../../http/browser-guard.ts';
import { HttpProblem, renderErrors } from '../../http/errors.ts';
import { mount, type Operation } from '../../http/operation.ts';
import type { Parts } from '../../parts.ts';
import type { Dialect, Host } from '../dialect.ts';
import { readJsonObject } from './body.ts';
import { consoleErrors } from './errors.ts';
import { consoleGuard } from './guard.ts';
import { accountOperations } from './operations/account.ts';
import { auditOperations } from './operations/audit.ts';
import { eventOperations } from './operations/events.ts';
import { allJobOperations } from './operations/jobs/index.ts';
import { keyOperations } from './operations/keys.ts';
import { limitOperations } from './operations/limits.ts';
import { memberOperations } from './operations/members.ts';
import { openApiOperation } from './operations/openapi.ts';
import { CALLBACK, openIdOperations } from './operations/openid.ts';
import { organisationOperations } from './operations/organisations.ts';
import { overviewOperations } from './operations/overview.ts';
import { projectOperations } from './operations/projects.ts';
import { ruleOperations } from './operations/rules.ts';
import { scheduleOperations } from './operations/schedules.ts';
import { serverOperation } from './operations/server.ts';
import { sessionOperations } from './operations/session.ts';
import { spiderOperations } from './operations/spiders/spiders.ts';
import { streamOperations } from './operations/streams.ts';
import { variableOperations } from './operations/variables.ts';
import { versionOperations } from './operations/versions.ts';
import { webhookOperations } from './operations/webhooks.ts';
import { createSite, type Site } from './site.ts';

/** Our own API, for the web page and for whoever shows a key: people, what they are where, and what is theirs. */
export const consoleDialect: Dialect = {
  name: 'console',
  base: '/console',
  errors: consoleErrors,
  operations: (parts) => operationsOf(parts, createSite(undefined)),
  serve,
};

function operationsOf(parts: Parts, site: Site): Operation[] {
  return [
    ...sessionOperations(parts, site),
    ...openIdOperations(parts, site),
    ...accountOperations(parts, site),
    ...organisationOperations(parts),
    ...projectOperations(parts),
    ...memberOperations(parts, site),
    ...limitOperations(parts),
    ...eventOperations(parts),
    ...streamOperations(parts),
    ...scheduleOperations(parts),
    ...variableOperations(parts),
    ...allJobOperations(parts),
    ...spiderOperations(parts),
    ...versionOperations(parts),
    ...overviewOperations(parts),
    serverOperation(parts),
    ...webhookOperations(parts),
    ...ruleOperations(parts),
    ...keyOperations(parts),
    ...auditOperations(parts),
    openApiOperation(),
  ];
}

/** The step back from an OpenID provider begins at its page. What the browser sent along is good for nothing else. */
function isComingBack(req: Request): boolean {
  const isPage = (req.headers['sec-fetch-mode'] ?? 'navigate') === 'navigate';
  return req.method === 'GET' && req.path === CALLBACK && req.headers.origin === undefined && isPage;
}

function serve(host: Host): Router {
  const { parts, downloads, publicUrl, checkReplies } = host;
  const router = Router({ caseSensitive: true });
  // Before the open operations, too: a page of another site signs nobody in.
  router.use(refuseForeignSites({ publicUrl, lets: isComingBack }));
  mount(router, operationsOf(parts, createSite(publicUrl)), {
    access: parts.access,
    rates: parts.limits.rates,
    downloads,
    rooms: parts.live.rooms,
    before: [consoleGuard(host)],
    checkReplies,
    errors: consoleErrors,
    notes: parts,
    readFields: readJsonObject,
  });
  router.use(() => {
    throw new HttpProblem(404, 'Nothing is served under this path');
  });
  router.use(renderErrors(consoleErrors, parts));
  return router;
}
