import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import {
  type Deploy,
  type Deployed,
  type DeployRequest,
  DomainError,
  type FileLimits,
  requestErrors,
} from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { z } from 'zod';
import { inWords } from './errors.ts';
import { parseFields, Text } from './fields.ts';
import type { Incoming } from './incoming.ts';
import { progressLines, StreamReply } from './stream.ts';
import { BESIDE_EGG_BYTES, largestFile, MAX_EGG_BYTES, receiveUpload, type Upload } from './upload.ts';

const LIMITS = {
  maxBytes: MAX_EGG_BYTES + BESIDE_EGG_BYTES,
  maxFileBytes: MAX_EGG_BYTES,
  maxFiles: 100,
};
const MAX_REQUIREMENTS_BYTES = 1024 * 1024;

/** Text fields of every form that brings an egg. */
export const EGG_FIELDS = {
  version: Text.regex(/^\P{Cc}{1,255}$/u, 'expected 1 to 255 printable characters'),
  stack: Text.optional(),
};

const PlainRequirements = z.object({ requirements: Text.optional() });

/** What takes an egg in. */
export interface EggDesk {
  uploadDir: string;
  deploy: Pick<Deploy, 'deploy'>;
  limits: { files: Pick<FileLimits, 'checkEgg'> };
  log: Logger;
}

/** How a dialect reads its form and words its verdict. */
export interface EggWords {
  requestId: string;
  /** Whose deployment it is and what its text fields say; throws for who may not, or when a field is wrong. */
  read(fields: Upload['fields']): Promise<Omit<DeployRequest, 'eggPath' | 'extraEggPaths' | 'requirements'>>;
  verdict(deployed: Deployed): Record<string, unknown>;
}

/**
 * Takes an egg in; the answer tells how its build goes, and its last line is the verdict. Throws `invalid` for a form that
 * is wrong, and what `read` and `checkEgg` throw.
 */
export async function deployReply(desk: EggDesk, incoming: Incoming, words: EggWords): Promise<StreamReply> {
  const upload = await receiveUpload(incoming, desk.uploadDir, LIMITS);
  try {
    const request = { ...(await words.read(upload.fields)), ...(await filesOf(upload)) };
    const largest = await largestFile([request.eggPath, ...request.extraEggPaths]);
    await desk.limits.files.checkEgg(request.project, largest);
    const deploying = (say: (line: string) => void) => deployAndTell(desk, request, upload, words, say);
    return new StreamReply('text/plain; charset=utf-8', progressLines(deploying), { eager: true });
  } catch (error) {
    await upload.remove();
    throw error;
  }
}

async function filesOf(
  upload: Upload,
): Promise<Pick<DeployRequest, 'eggPath' | 'extraEggPaths' | 'requirements'>> {
  const eggPath = onlyPath(upload, 'egg');
  if (eggPath === undefined) throw requestErrors.invalid('egg', 'is required');
  return {
    eggPath,
    extraEggPaths: pathsOf(upload, 'eggs'),
    requirements: await readRequirements(upload),
  };
}

/** A file in most cases; some clients send it as a plain field. */
async function readRequirements(upload: Upload): Promise<string | null> {
  const path = onlyPath(upload, 'requirements');
  if (path === undefined) return parseFields(PlainRequirements, upload.fields).requirements ?? null;
  const bytes = await readFile(path);
  const text = bytes.toString('utf8');
  if (bytes.length > MAX_REQUIREMENTS_BYTES || !isUtf8(bytes) || text.includes('\0')) {
    throw requestErrors.invalid('requirements', 'expected a text of at most 1 MiB');
  }
  return text;
}

function onlyPath(upload: Upload, field: string): string | undefined {
  const [path, ...others] = pathsOf(upload, field);
  if (others.length > 0) throw requestErrors.invalid(field, 'is given more than once');
  return path;
}

function pathsOf({ files }: Upload, field: string): string[] {
  return files.filter((file) => file.field === field).map(({ path }) => path);
}

/** Returns the verdict. Never throws: the answer has begun, so that a failure is its last line, too. */
async function deployAndTell(
  { deploy, log }: EggDesk,
  request: DeployRequest,
  upload: Upload,
  { requestId, verdict }: EggWords,
  say: (line: string) => void,
): Promise<string> {
  try {
    return JSON.stringify({ status: 'ok', ...verdict(await deploy.deploy(request, say)) });
  } catch (raised) {
    const error = inWords(raised);
    if (!(error instanceof DomainError)) log.error({ requestId, err: error }, 'deploy failed');
    const message = error instanceof DomainError ? error.message : 'internal error';
    return JSON.stringify({ status: 'error', message });
  } finally {
    await upload.remove();
  }
}
