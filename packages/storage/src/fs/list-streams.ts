import path from 'node:path';
import type { StreamName, StreamRef } from '@spiderhub/core';
import { entriesOf } from './sync.ts';

const FILE = /^(items|logs|requests|samples)\.(tail-|index\.jl$)/;

/** Every stream below a root, with those of jobs that were set aside. */
export async function* listStreams(root: string): AsyncGenerator<{ ref: StreamRef; isAside: boolean }> {
  for (const [top, isAside] of [
    [root, false],
    [path.join(root, 'aside'), true],
  ] as const)
    for await (const [project, spider, job, attempt] of numbered(top, 4))
      for (const stream of await streamsIn(path.join(top, [project, spider, job, attempt].join('/')))) {
        const key = { project: project as number, spider: spider as number, job: job as number };
        yield { ref: { key, attempt: attempt as number, stream }, isAside };
      }
}

/** Paths of so many numbers that lie below a directory. */
async function* numbered(directory: string, depth: number): AsyncGenerator<number[]> {
  if (depth === 0) {
    yield [];
    return;
  }
  const names = (await entriesOf(directory)).filter((name) => /^\d+$/.test(name));
  for (const name of names.sort((a, b) => Number(a) - Number(b)))
    for await (const rest of numbered(path.join(directory, name), depth - 1)) yield [Number(name), ...rest];
}

async function streamsIn(directory: string): Promise<StreamName[]> {
  const found = new Set<StreamName>();
  for (const name of await entriesOf(directory)) {
    const stream = FILE.exec(name)?.[1];
    if (stream) found.add(stream as StreamName);
  }
  return [...found].sort();
}
