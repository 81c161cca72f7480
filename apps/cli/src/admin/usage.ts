import { join } from 'node:path';
import { bytesBelow } from '@spiderhub/storage';
import { command } from './command.ts';
import { optional } from './options.ts';
import { positive } from './readers.ts';

const PROJECT = { project: optional('NUMBER', positive) };

export const USAGE_COMMANDS = [
  // Looks at every file of the projects' streams: where there are millions, it takes minutes.
  command('usage', PROJECT, async ({ project }, { usage, streams, secrets: { place } }) => {
    const answer = [];
    for (const { blobBytes, ...rows } of await usage.usage(project ?? null))
      answer.push({
        ...rows,
        streamBytes: await streams.sizeOfProject(rows.project),
        blobBytes,
        keptBytes: await bytesBelow(join(place.SPIDERHUB_HOME, 'data/folders', String(rows.project))),
      });
    return answer;
  }),
];
