import {
  BAND_RUNS,
  isScrapySetting,
  jobErrors,
  requestErrors,
  type SpiderDetails,
  usualOf,
} from '@spiderhub/core';
import { spiderContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { served } from '../../served.ts';
import { argumentsOf, runOf, runView } from '../../spiders/runs.ts';
import { changeLayer, readLayers } from '../../spiders/settings.ts';
import { readHealth } from './health.ts';

const RUNS = 30;

export function spiderOperations(parts: Parts): Operation[] {
  return [
    readHealth(parts),
    listSpiders(parts),
    readSpider(parts),
    tagSpider(parts),
    readSpiderSettings(parts),
    changeSpiderSettings(parts),
  ];
}

const listSpiders = ({ versions, queue }: Parts) =>
  served(
    contracts.listSpiders,
    'spiders.read',
  )(async ({ caller, params: { project } }) => {
    await caller.may(project);
    const [spiders, last] = await Promise.all([versions.spiders(project), queue.lastFinished(project, {})]);
    const times = new Map(last.map(({ key, finishedAt }) => [key.spider, finishedAt]));
    const listed = spiders.map(({ number, name, version, tags }) => ({
      number,
      name,
      version,
      tags,
      lastRunAt: times.get(number)?.toISOString() ?? null,
    }));
    // Times in ISO 8601 have the order of their texts; those that never ran come last, by name.
    return {
      spiders: listed.sort(
        (a, b) => compare(b.lastRunAt ?? '', a.lastRunAt ?? '') || compare(a.name, b.name),
      ),
    };
  });

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function existing({ spiders }: Parts, project: number, number: number): Promise<SpiderDetails> {
  const spider = await spiders.find(project, number);
  if (!spider) throw jobErrors.spiderNotFound(number);
  return spider;
}

const readSpider = (parts: Parts) =>
  served(
    contracts.readSpider,
    'spiders.read',
  )(async ({ caller, params }) => {
    const { project, spider: number } = params;
    await caller.may(project);
    await caller.may(project, 'jobs.read');
    const { name, tags, version, createdAt } = await existing(parts, project, number);
    const filter = { project, spiders: [name], states: ['running' as const, 'finished' as const] };
    const [jobs, good, versions, live] = await Promise.all([
      parts.jobs.page(filter, { count: RUNS, offset: 0 }),
      parts.lists.runs(project, [number], { count: BAND_RUNS, good: true }),
      parts.versions.list(project),
      parts.lists.live(project),
    ]);
    const { pending = 0, running = 0 } = live.get(number) ?? {};
    const has = (names: { spiders: string[]; scripts: string[] }) =>
      names.spiders.includes(name) || names.scripts.some((script) => `py:${script}` === name);
    return {
      number,
      name,
      tags,
      version,
      pending,
      running,
      createdAt: createdAt.toISOString(),
      versions: versions
        .filter(has)
        .map((one) => one.name)
        .reverse(),
      usual: usualOf(good),
      runs: jobs.map(runOf).map(runView),
      args: argumentsOf(jobs),
    };
  });

const tagSpider = (parts: Parts) =>
  served(
    contracts.tagSpider,
    'spiders.write',
  )(async ({ caller, params: { project, spider }, body: { add = [], remove = [] } }) => {
    await caller.may(project);
    if (add.length + remove.length === 0) throw requestErrors.invalid('add', 'add or remove is required');
    const changed = await parts.spiders.changeTags(caller.actor, project, spider, { add, remove });
    if (!changed) throw jobErrors.spiderNotFound(spider);
    return { tags: changed.tags };
  });

const readSpiderSettings = (parts: Parts) =>
  served(
    contracts.readSpiderSettings,
    'settings.read',
  )(async ({ caller, params: { project, spider } }) => {
    await caller.may(project);
    await existing(parts, project, spider);
    return readLayers(parts, { project, spider });
  });

const changeSpiderSettings = (parts: Parts) =>
  served(
    contracts.changeSpiderSettings,
    'settings.write',
  )(async ({ caller, params: { project, spider }, body }) => {
    await caller.may(project);
    await existing(parts, project, spider);
    const odd = Object.keys(body.set ?? {}).find((name) => !isScrapySetting(name));
    if (odd !== undefined)
      throw requestErrors.invalid(odd, 'is no setting of Scrapy: expected capitals, digits and _');
    await changeLayer(parts, { project, spider }, body, caller.actor);
    return readLayers(parts, { project, spider });
  });
