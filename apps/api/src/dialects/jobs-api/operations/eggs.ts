import { eggErrors, requestErrors } from '@spiderhub/core';
import { ZipFile } from 'yazl';
import { z } from 'zod';
import { parseFields, Text } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { StreamReply } from '../../../http/stream.ts';
import { BESIDE_EGG_BYTES, largestFile, MAX_EGG_BYTES, receiveUpload } from '../../../http/upload.ts';
import type { Parts } from '../../../parts.ts';
import { apikeyField, Ok, ProjectId } from '../schema.ts';

const LIMITS = {
  maxBytes: MAX_EGG_BYTES + BESIDE_EGG_BYTES,
  maxFileBytes: MAX_EGG_BYTES,
  maxFiles: 2,
};

/** Names become file names in a zip: no separators, no way up. */
const EggName = Text.regex(/^(?!\.)[\w.+-]{1,200}$/, 'expected letters, digits, and . _ + -');
const EggFields = z.object({
  project: ProjectId,
  name: EggName,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  version: Text.regex(/^[^\x00-\x1f\x7f]{1,255}$/, 'expected 1 to 255 printable characters'),
});
const Egg = z.object({ name: z.string(), version: z.string() });
const EggKept = z.object({ status: z.literal('ok'), egg: Egg }).meta({ id: 'ScrapinghubEggKept' });
const EggList = z.object({ status: z.literal('ok'), eggs: z.array(Egg) }).meta({ id: 'ScrapinghubEggList' });
const ProjectQuery = z.object({ project: ProjectId });

/** Eggs beside a project's own; the next deploy takes them up. shub calls these commands deprecated. */
export function eggOperations(services: Parts): Operation[] {
  return [addEgg(services), listEggs(services), deleteEgg(services), bundle(services), migrate(services)];
}

const addEgg = (services: Parts) =>
  operation({
    method: 'post',
    path: '/eggs/add.json',
    summary: 'Keep an egg for the next deploy',
    action: 'project.deploy',
    takes: ['multipart/form-data'],
    reply: EggKept,
    statusOf: { unauthenticated: 403 },
  })(async ({ caller, incoming }) => {
    const upload = await receiveUpload(incoming, services.uploadDir, LIMITS);
    try {
      const { project, name, version } = parseFields(EggFields, upload.fields);
      await caller.may(project);
      const [file, ...others] = upload.files.filter(({ field }) => field === 'egg');
      if (!file || others.length > 0) throw requestErrors.invalid('egg', 'expected one file');
      // Every later deploy of the project unpacks it: one that is no ZIP file would make them all fail.
      await services.checkEgg(file.path);
      await services.limits.files.checkEgg(project, await largestFile([file.path]));
      const { sha256, sizeBytes } = await services.blobs.putFile(file.path);
      await services.eggs.save(caller.actor, {
        project,
        name,
        version,
        sha256,
        sizeBytes,
        createdBy: caller.name,
      });
      return { status: 'ok' as const, egg: { name, version } };
    } finally {
      await upload.remove();
    }
  });

const listEggs = ({ eggs }: Parts) =>
  operation({
    method: 'get',
    path: '/eggs/list.json',
    summary: 'Eggs of a project',
    action: 'versions.read',
    reply: EggList,
    query: ProjectQuery,
  })(async ({ query, caller }) => {
    await caller.may(query.project);
    const all = await eggs.list(query.project);
    return { status: 'ok' as const, eggs: all.map(({ name, version }) => ({ name, version })) };
  });

const deleteEgg = ({ eggs }: Parts) =>
  operation({
    method: 'post',
    path: '/eggs/delete.json',
    summary: 'Remove an egg of a project',
    action: 'project.deploy',
    body: z.object({ project: ProjectId, name: Text, ...apikeyField }),
    reply: Ok,
  })(async ({ body, caller }) => {
    await caller.may(body.project);
    if (!(await eggs.remove(caller.actor, body.project, body.name))) {
      throw eggErrors.notFound(body.name);
    }
    return { status: 'ok' as const };
  });

const bundle = (services: Parts) =>
  operation({
    method: 'get',
    path: '/eggs/bundle.zip',
    summary: 'All eggs of a project in a zip, its own as __main__.egg',
    action: 'versions.read',
    sends: ['application/zip'],
    query: ProjectQuery,
    statusOf: { unauthenticated: 403 },
  })(async ({ query: { project }, caller }) => {
    await caller.may(project);
    const zip = new ZipFile();
    for (const { name, sha256 } of await services.eggs.list(project))
      await addBlob(services, zip, `${name}.egg`, sha256);
    const newest = await services.versions.newest(project);
    if (newest && newest.image === null) await addBlob(services, zip, '__main__.egg', newest.eggSha256);
    return zipReply(zip);
  });

/** What shub needs to move eggs into a repository: the newest requirements, and the eggs at the top level. */
const migrate = (services: Parts) =>
  operation({
    method: 'get',
    path: '/migrate-eggs.zip',
    summary: 'Requirements and eggs of a project in a zip',
    action: 'versions.read',
    sends: ['application/zip'],
    query: ProjectQuery,
  })(async ({ query: { project }, caller }) => {
    await caller.may(project);
    const zip = new ZipFile();
    const newest = await services.versions.newest(project);
    zip.addBuffer(Buffer.from(newest?.requirements ?? ''), 'requirements.txt');
    for (const { name, sha256 } of await services.eggs.list(project))
      await addBlob(services, zip, `${name}.egg`, sha256);
    return zipReply(zip);
  });

async function addBlob({ blobs }: Parts, zip: ZipFile, name: string, sha256: string): Promise<void> {
  // Eggs are zips already.
  zip.addFile(await blobs.localPath(sha256), name, { compress: false });
}

function zipReply(zip: ZipFile): StreamReply {
  zip.end();
  return new StreamReply('application/zip', zip.outputStream as unknown as AsyncIterable<Buffer>);
}
