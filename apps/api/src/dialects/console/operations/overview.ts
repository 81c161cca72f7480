import { formatJobKey } from '@spiderhub/core';
import { overviewContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { createLookedUp, type LookedUp } from '../overview/looked-up.ts';
import { overviewOf } from '../overview/overview.ts';
import { served } from '../served.ts';
import { viewOperations } from './saved-views.ts';

export function overviewOperations(parts: Parts): Operation[] {
  let lookedUp: LookedUp | undefined;
  return [
    readOverview(parts, () => {
      lookedUp ??= createLookedUp(parts);
      return lookedUp;
    }),
    listProjectNumbers(parts),
    search(parts),
    ...viewOperations(parts),
  ];
}

/** Rights besides the one to see jobs: it shows spiders, errors of logs, fields of items and what was planned. */
const ALSO = ['spiders.read', 'logs.read', 'items.read', 'periodic.read'] as const;

const readOverview = (parts: Parts, lookedUp: () => LookedUp) =>
  served(contracts.readOverview, { action: 'jobs.read', alsoAsks: ALSO })(
    async ({ caller, params: { project } }) => {
      await caller.may(project);
      for (const action of ALSO) await caller.may(project, action);
      return overviewOf(parts, lookedUp(), project);
    },
  );

const DAY_MS = 24 * 3_600_000;

const listProjectNumbers = ({ overview, now }: Parts) =>
  served(
    contracts.listProjectNumbers,
    'jobs.read',
  )(async ({ caller }) => {
    const projects = await overview.projects(caller.everywhere(), new Date(now().getTime() - DAY_MS));
    return {
      projects: projects.map(({ lastJobAt, ...numbers }) => ({
        ...numbers,
        lastJobAt: lastJobAt?.toISOString() ?? null,
      })),
    };
  });

const FOUND = 10;
const KEY = /^(?:\d{1,9}\/)?[1-9]\d{0,8}\/[1-9]\d{0,8}$/;

const search = ({ overview, lists, versions }: Parts) =>
  served(contracts.search, { action: 'jobs.read', alsoAsks: ['spiders.read', 'versions.read'] })(
    async ({ caller, params: { project }, query: { q } }) => {
      await caller.may(project);
      await caller.may(project, 'spiders.read');
      const text = q.trim();
      const seesVersions = await caller.allows('versions.read', project);
      const [spiders, tags, jobs, all] = await Promise.all([
        overview.spiders(project, text, FOUND),
        text === '' ? [] : overview.tags(project, text, FOUND),
        KEY.test(text) ? jobsOf(lists, project, `key:${text}`) : [],
        seesVersions ? versions.list(project) : [],
      ]);
      const named = all
        .map(({ name }) => name)
        .filter((name) => name.toLowerCase().includes(text.toLowerCase()));
      return { spiders, tags, jobs, versions: named.reverse().slice(0, FOUND) };
    },
  );

async function jobsOf(lists: Parts['lists'], project: number, q: string) {
  const { jobs } = await lists.list(project, { q, cursor: undefined, limit: FOUND, order: 'newest' });
  return jobs.map(({ key, spiderName, state }) => ({ key: formatJobKey(key), spider: spiderName, state }));
}
