import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Service } from '../../support/service.ts';

const CLI = join(__dirname, '../../../apps/cli/dist/main.js');

/** `npm run admin` with these words; `input` is what it may read. Answers with what it says as JSON. */
export async function admin(service: Service, words: readonly string[], input = ''): Promise<unknown> {
  const running = promisify(execFile)(process.execPath, [CLI, 'admin', ...words, '--json'], {
    env: service.env,
  });
  running.child.stdin?.end(input);
  return JSON.parse((await running).stdout);
}

export interface KeyOfList {
  id: number;
  lastAddress: string | null;
  lastClient: string | null;
}

export async function keysOf(service: Service): Promise<KeyOfList[]> {
  return (await admin(service, ['key', 'list'])) as KeyOfList[];
}
