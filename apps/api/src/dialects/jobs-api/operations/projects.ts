import type { Project } from '@spiderhub/core';
import { z } from 'zod';
import { Texts } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { AnyText, cutPage, pageFields, pageOf } from '../pages.ts';
import { ProjectId } from '../schema.ts';

const ProjectList = z
  .object({ projects: z.array(z.int()), status: z.literal('ok') })
  .meta({ id: 'ScrapinghubProjectList' });

const ProjectObject = z
  .object({ id: z.int(), name: z.string(), organization: z.int() })
  .meta({ id: 'ScrapinghubProject' });

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
  return [listProjects(), pageOfProjects(), readProject(), listSpiders(services), me()];
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

function pageOfProjects(): Operation {
  return operation({
    method: 'get',
    path: '/v2/projects',
    summary: "The projects that the key's owner is a member of, page by page",
    action: 'projects.list',
    query: z.object(pageFields).catchall(AnyText),
    reply: pageOf(ProjectObject),
  })(async ({ query, caller, origin }) => {
    const page = cutPage(caller.account().projects, query, `${origin()}/api/v2/projects`);
    const results = await Promise.all(page.results.map(async (id) => projectObject(await caller.may(id))));
    return { ...page, results };
  });
}

function readProject(): Operation {
  return operation({
    method: 'get',
    path: '/v2/projects/:project',
    summary: 'A project',
    action: 'projects.list',
    params: z.object({ project: ProjectId }),
    reply: ProjectObject,
  })(async ({ params, caller }) => projectObject(await caller.may(params.project)));
}

function projectObject({ id, name, organisationId }: Project) {
  return { id, name, organization: organisationId };
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
