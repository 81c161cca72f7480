import type { JobName } from '@spiderhub/core/scrapyd';
import { refused } from './wire/fields.ts';
import { PythonError } from './wire/python-text.ts';

/** Names are parts of paths and of index entries. */
const MAX_NAME_BYTES = 255;
const KEY = /^([1-9]\d{0,8})([/-])([1-9]\d{0,8})\2([1-9]\d{0,8})$/;

/** True for what would leave its folder, if names were folders as they are in Scrapyd. */
function leavesFolder(name: string): boolean {
  return name.includes('/') || name === '..';
}

/** Throws what Scrapyd says of a project's name that is no plain one. */
export function checkPath(project: string): void {
  if (project.includes('\0')) throw new PythonError('ValueError', 'embedded null byte');
  if (leavesFolder(project)) throw new PythonError('DirectoryTraversalError', project);
}

function tooLong(text: string): boolean {
  return Buffer.byteLength(text) > MAX_NAME_BYTES;
}

/** Refuses names that a new project or version cannot have. An empty project would be the folder of all others. */
export function checkNewName(what: 'project' | 'version', name: string): void {
  if (what === 'project') checkPath(name);
  if (name.includes('\0')) throw new PythonError('ValueError', 'embedded null byte');
  if (name === '' || (what === 'project' && name === '.'))
    throw refused(`${what} is invalid: '${name}' is no name`);
  if (tooLong(name)) throw refused(`${what} is invalid: longer than ${MAX_NAME_BYTES} bytes`);
}

/** Refuses job names that cannot name a log file, or that mean another job of the project. */
export function checkNewJob(project: number, job: string): void {
  const key = KEY.exec(job);
  if (job === '' || job === '.' || job === '..') throw refused(`jobid is invalid: '${job}' is no name`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[/\\\u0000-\u001f\u007f]/.test(job)) {
    throw refused('jobid is invalid: slashes and control characters are not allowed');
  }
  if (tooLong(job)) throw refused(`jobid is invalid: longer than ${MAX_NAME_BYTES} bytes`);
  if (key && Number(key[1]) === project) throw refused(`jobid is invalid: '${job}' is the key of a job`);
}

/** A job as a caller names it: by its own name, or by the key that the rest of Spiderhub knows it by. */
export function jobName(text: string): JobName {
  const match = KEY.exec(text);
  if (text.includes('\0')) return { alias: '', key: null };
  return {
    alias: text,
    key: match && { project: Number(match[1]), spider: Number(match[3]), job: Number(match[4]) },
  };
}
