import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { type Caller, type DeployRequest, DomainError, requestErrors } from '@spiderhub/core';
import { z } from 'zod';
import { parseFields, Text } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { progressLines, StreamReply } from '../../../http/stream.ts';
import {
  BESIDE_EGG_BYTES,
  largestFile,
  MAX_EGG_BYTES,
  receiveUpload,
  type Upload,
} from '../../../http/upload.ts';
import type { Parts } from '../../../parts.ts';
import { ProjectId } from '../schema.ts';

const LIMITS = {
  maxBytes: MAX_EGG_BYTES + BESIDE_EGG_BYTES,
  maxFileBytes: MAX_EGG_BYTES,
  maxFiles: 100,
};
const MAX_REQUIREMENTS_BYTES = 1024 * 1024;

const DeployFields = z.object({
  project: ProjectId,
  version: Text.regex(/^\P{Cc}{1,255}$/u, 'expected 1 to 255 printable characters'),
  stack: Text.optional(),
});

/** `shub deploy`: a stream of lines, whose last one is the verdict. */
export function addVersion(services: Parts): Operation {
  return operation({
    method: 'post',
    path: '/scrapyd/addversion.json',
    summary: 'Deploy a project egg; the last line of the answer is the verdict',
    action: 'project.deploy',
    takes: ['multipart/form-data'],
    sends: ['text/plain'],
    // shub takes a 403, not a 401, for a key that is not valid.
    statusOf: { unauthenticated: 403 },
  })(async ({ caller, incoming, requestId }) => {
    const upload = await receiveUpload(incoming, services.uploadDir, LIMITS);
    try {
      const request = await toRequest(upload, caller);
      await services.limits.files.checkEgg(
        request.project,
        await largestFile([request.eggPath, ...request.extraEggPaths]),
      );
      const deploying = (say: (line: string) => void) =>
        deployAndTell(services, request, upload, requestId, say);
      return new StreamReply('text/plain; charset=utf-8', progressLines(deploying), { eager: true });
    } catch (error) {
      await upload.remove();
      throw error;
    }
  });
}

async function toRequest(upload: Upload, caller: Caller): Promise<DeployRequest> {
  const { project, version, stack } = parseFields(DeployFields, upload.fields);
  await caller.may(project);
  const eggs = pathsOf(upload, 'egg');
  const [eggPath] = eggs;
  if (eggPath === undefined) throw requestErrors.invalid('egg', 'is required');
  if (eggs.length > 1) throw requestErrors.invalid('egg', 'is given more than once');
  return {
    project,
    version,
    eggPath,
    extraEggPaths: pathsOf(upload, 'eggs'),
    requirements: await readRequirements(upload),
    stack: stack ?? null,
    deployedBy: caller.name,
  };
}

function pathsOf({ files }: Upload, field: string): string[] {
  return files.filter((file) => file.field === field).map(({ path }) => path);
}

/** A file in most cases; some clients send it as a plain field. */
async function readRequirements(upload: Upload): Promise<string | null> {
  const [path, ...others] = pathsOf(upload, 'requirements');
  if (others.length > 0) throw requestErrors.invalid('requirements', 'is given more than once');
  if (path === undefined) return parseFields(Text.optional(), upload.fields.requirements) ?? null;
  const bytes = await readFile(path);
  const text = bytes.toString('utf8');
  if (bytes.length > MAX_REQUIREMENTS_BYTES || !isUtf8(bytes) || text.includes('\0')) {
    throw requestErrors.invalid('requirements', 'expected a text of at most 1 MiB');
  }
  return text;
}

/** Returns the verdict. Never throws: the answer has begun, so that a failure is its last line, too. */
async function deployAndTell(
  { deploy, log }: Parts,
  request: DeployRequest,
  upload: Upload,
  requestId: string,
  say: (line: string) => void,
): Promise<string> {
  try {
    const { project, name, spiders } = await deploy.deploy(request, say);
    return JSON.stringify({ status: 'ok', project, version: name, spiders: spiders.length });
  } catch (error) {
    if (!(error instanceof DomainError)) log.error({ requestId, err: error }, 'deploy failed');
    const message = error instanceof DomainError ? error.message : 'internal error';
    return JSON.stringify({ status: 'error', message });
  } finally {
    await upload.remove();
  }
}
