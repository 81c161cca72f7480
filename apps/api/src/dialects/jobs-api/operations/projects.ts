import { z } from 'zod';
import { Texts } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { ProjectId } from '../schema.ts';

const ProjectList = z
  .object({ projects: z.array(z.int()), status: z.literal('ok') })
  .meta({ id: 'ScrapinghubProjectList' });

const SpiderList = z
  .object({
    spiders: z.array(
      z.object({
        version: z.string().nullable(),
        tags: z.array(z.string()),
        id: z.string(),
        type: z.string(),
      }),
    ),
    status: z.literal('ok'),
  })
  .meta({ id: 'ScrapinghubSpiderList' });

const Me = z.object({ username: z.string(), status: z.literal('ok') }).meta({ id: 'ScrapinghubMe' });

export function projectOperations(services: Parts): Operation[] {
  return [listProjects(), listSpiders(services), me()];
}

function listProjects(): Operation {
  return operation({
    method: 'get',
    path: '/scrapyd/listprojects.json',
    summary: "Numbers of the projects that the key's owner is a member of",
    action: 'projects.list',
    reply: ProjectList,
  })(async ({ caller }) => ({ projects: [...caller.account().projects], status: 'ok' as const }));
}

function listSpiders({ versions }: Parts): Operation {
  return operation({
    method: 'get',
    path: '/spiders/list.json',
    summary: 'Spiders of a project; `id` is the name',
    action: 'spiders.read',
    query: z.object({ project: ProjectId, spider: Texts.optional() }),
    reply: SpiderList,
  })(async ({ query, caller }) => {
    await caller.may(query.project);
    const wanted = query.spider && new Set(query.spider);
    const spiders = (await versions.spiders(query.project))
      .filter(({ name }) => !wanted || wanted.has(name))
      .map(({ version, tags, name, type }) => ({ version, tags, id: name, type }));
    return { spiders, status: 'ok' as const };
  });
}

function me(): Operation {
  return operation({
    method: 'get',
    path: '/v2/users/me',
    summary: 'Who the key belongs to; 200 means that it is valid',
    action: 'account.read',
    reply: Me,
  })(async ({ caller }) => ({ username: caller.account().name, status: 'ok' as const }));
}
