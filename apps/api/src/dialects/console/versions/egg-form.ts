import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { type DeployRequest, DomainError, requestErrors } from '@spiderhub/core';
import { z } from 'zod';
import { parseFields, Text } from '../../../http/fields.ts';
import type { Incoming } from '../../../http/incoming.ts';
import { progressLines, StreamReply } from '../../../http/stream.ts';
import {
  BESIDE_EGG_BYTES,
  largestFile,
  MAX_EGG_BYTES,
  receiveUpload,
  type Upload,
} from '../../../http/upload.ts';
import type { Parts } from '../../../parts.ts';

const LIMITS = {
  maxBytes: MAX_EGG_BYTES + BESIDE_EGG_BYTES,
  maxFileBytes: MAX_EGG_BYTES,
  maxFiles: 100,
};
const MAX_REQUIREMENTS_BYTES = 1024 * 1024;

const EggForm = z.strictObject({
  version: Text.regex(/^\P{Cc}{1,255}$/u, 'expected 1 to 255 printable characters'),
  stack: Text.optional(),
  requirements: Text.optional(),
});

/** Takes an egg in; the answer tells how its build goes, and its last line what came of it. */
export async function deployReply(
  parts: Parts,
  incoming: Incoming,
  { project, by, requestId }: { project: number; by: string; requestId: string },
): Promise<StreamReply> {
  const upload = await receiveUpload(incoming, parts.uploadDir, LIMITS);
  try {
    const request = { ...(await readForm(upload)), project, deployedBy: by };
    const largest = await largestFile([request.eggPath, ...request.extraEggPaths]);
    await parts.limits.files.checkEgg(project, largest);
    const deploying = (say: (line: string) => void) => deployAndTell(parts, request, upload, requestId, say);
    return new StreamReply('text/plain; charset=utf-8', progressLines(deploying), { eager: true });
  } catch (error) {
    await upload.remove();
    throw error;
  }
}

async function readForm(upload: Upload): Promise<Omit<DeployRequest, 'project' | 'deployedBy'>> {
  const { version, stack, requirements } = parseFields(EggForm, upload.fields);
  const [eggPath, ...others] = pathsOf(upload, 'egg');
  if (eggPath === undefined) throw requestErrors.invalid('egg', 'is required');
  if (others.length > 0) throw requestErrors.invalid('egg', 'is given more than once');
  return {
    version,
    eggPath,
    extraEggPaths: pathsOf(upload, 'eggs'),
    requirements: requirements ?? (await readRequirements(upload)),
    stack: stack ?? null,
  };
}

function pathsOf({ files }: Upload, field: string): string[] {
  return files.filter((file) => file.field === field).map(({ path }) => path);
}

async function readRequirements(upload: Upload): Promise<string | null> {
  const [path] = pathsOf(upload, 'requirements');
  if (path === undefined) return null;
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
    const { name, spiders, scripts } = await deploy.deploy(request, say);
    return JSON.stringify({ status: 'ok', version: name, spiders: spiders.length, scripts: scripts.length });
  } catch (error) {
    if (!(error instanceof DomainError)) log.error({ requestId, err: error }, 'deploy failed');
    const message = error instanceof DomainError ? error.message : 'internal error';
    return JSON.stringify({ status: 'error', message });
  } finally {
    await upload.remove();
  }
}
