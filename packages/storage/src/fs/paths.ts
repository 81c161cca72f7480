import path from 'node:path';
import { type JobKey, requestErrors, type StreamName, type StreamRef } from '@spiderhub/core';

const STREAMS: ReadonlySet<StreamName> = new Set<StreamName>(['items', 'logs', 'requests', 'samples']);

/** Where the files of one stream lie. `data` and `tail` carry numbers that only the index knows. */
export interface StreamFiles {
  dir: string;
  lock: string;
  index: string;
  /** The next index while it is being written. */
  nextIndex: string;
  /** Compressed segments. */
  data(number: number): string;
  /** Records from `end` on, not compressed yet. */
  tail(generation: number, end: number): string;
  /** Whether a file name in `dir` is data, tail or unfinished index of this stream. */
  owns(name: string): boolean;
}

/** Paths are made of checked integers and known names only, never of text that a caller sent. */
export function streamFiles(root: string, ref: StreamRef): StreamFiles {
  if (!STREAMS.has(ref.stream)) throw requestErrors.invalid('stream', 'unknown stream');
  const dir = path.join(jobDir(root, ref.key), part('attempt', ref.attempt));
  const at = (name: string) => path.join(dir, `${ref.stream}${name}`);
  return {
    dir,
    lock: at('.lock'),
    index: at('.index.jl'),
    nextIndex: at('.index.next'),
    data: (number) => at(`.data-${number}.gz`),
    tail: (generation, end) => at(`.tail-${generation}-${end}.jl`),
    owns: (name) =>
      /\.(data-\d+\.gz|tail-\d+-\d+\.(jl|next)|index\.next)$/.test(name) && name.startsWith(`${ref.stream}.`),
  };
}

/** Directory of all attempts of a job. */
export function jobDir(root: string, { project, spider, job }: JobKey): string {
  return path.join(root, part('project', project), part('spider', spider), part('job', job));
}

/** Where the directory of a job waits that was set aside. */
export function asideDir(root: string, key: JobKey): string {
  return jobDir(path.join(root, 'aside'), key);
}

/** Directories of everything of a project. */
export function projectDirs(root: string, project: number): string[] {
  return [root, path.join(root, 'aside')].map((above) => path.join(above, part('project', project)));
}

function part(field: string, value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw requestErrors.invalid(field, 'expected a whole number');
  return String(value);
}
