import { randomUUID } from 'node:crypto';
import { isImageName, releaseErrors } from '@spiderhub/core';
import { z } from 'zod';
import { oneOf, Text } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { TextReply } from '../../../http/reply.ts';
import type { Parts } from '../../../parts.ts';
import { apikeyField, ProjectId } from '../schema.ts';

const PROJECT_TYPES = ['scrapy', 'casperjs', 'other'] as const;
const MAX_NAMES = 10_000;

const Names = Text.transform((text) =>
  text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])),
)
  .refine((names) => names.length <= MAX_NAMES, 'too many names')
  .refine((names) => names.every((name) => name.length <= 255), 'a name is too long');

const DeployForm = z.object({
  project: ProjectId,
  version: Text.min(1, 'is empty').max(255),
  image_url: Text.min(1, 'is empty').max(1000).refine(isImageName, 'is no name of an image'),
  project_type: oneOf(PROJECT_TYPES).default('scrapy'),
  spiders: Names.default([]),
  scripts: Names.default([]),
  // Which registries may be asked without TLS is set where the engine of a worker is.
  pull_insecure_registry: Text.optional(),
  pull_auth_config: Text.optional(),
  ...apikeyField,
});

/** `shub image deploy`: the image becomes the newest version of the project. Workers fetch it when a job is to run it. */
export function releaseOperations(services: Parts): Operation[] {
  return [deployRelease(services), releaseStatus(services)];
}

const deployRelease = ({ releases, registryLogins }: Parts) =>
  operation({
    method: 'post',
    path: '/releases/deploy.json',
    summary: 'Announce a container image',
    action: 'project.deploy',
    sends: ['application/json'],
    body: DeployForm,
  })(async ({ body, caller, origin }) => {
    await caller.may(body.project);
    if (body.pull_auth_config)
      await registryLogins.save(body.project, body.image_url, body.pull_auth_config, caller.actor);
    const id = randomUUID();
    await releases.save(caller.actor, {
      id,
      project: body.project,
      version: body.version,
      imageUrl: body.image_url,
      projectType: body.project_type,
      spiders: body.spiders,
      scripts: body.scripts.map((name) => (name.startsWith('py:') ? name : `py:${name}`)),
      deployedBy: caller.name,
    });
    return new TextReply('application/json', JSON.stringify({ status: 'ok' }), {
      headers: { Location: `${origin()}/api/releases/status/${id}.json` },
    });
  });

const ReleaseStatus = z
  .object({ status: z.literal('ok'), project: z.int(), version: z.string(), spiders: z.int() })
  .meta({ id: 'ScrapinghubReleaseStatus' });

/** Asked without credentials: the number is the secret. */
const releaseStatus = ({ releases }: Parts) =>
  operation({
    method: 'get',
    path: '/releases/status/:id',
    summary: 'How far a release has come',
    params: z.object({ id: z.string().max(100) }),
    action: 'open',
    reply: ReleaseStatus,
  })(async ({ params }) => {
    const release = await releases.find(params.id.replace(/\.json$/, ''));
    if (!release) throw releaseErrors.notFound();
    const { project, version, spiders, scripts } = release;
    return { status: 'ok' as const, project, version, spiders: spiders.length + scripts.length };
  });
