import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@spiderhub/testkit';

/** Where this machine has an nginx; null: nowhere. */
export function findNginx(): string | null {
  const { status } = spawnSync('nginx', ['-v'], { stdio: 'ignore' });
  return status === 0 ? 'nginx' : null;
}

export interface Nginx {
  url: string;
  stop(): Promise<void>;
}

/** An nginx before `upstream`, with what nginx does by default but for the lines of a location. */
export async function startNginx(upstream: string, lines = ''): Promise<Nginx> {
  const root = mkdtempSync(join(tmpdir(), 'sh-nginx-'));
  for (const name of ['logs', 'tmp']) mkdirSync(join(root, name));
  const port = await freePort();
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = `
    daemon off;
    pid ${root}/nginx.pid;
    error_log ${root}/logs/error.log;
    events {}
    http {
      access_log off;
      ${kinds.map((kind) => `${kind}_temp_path ${root}/tmp/${kind};`).join('\n      ')}
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass ${upstream}; ${lines} }
      }
    }`;
  writeFileSync(join(root, 'nginx.conf'), config);
  const child = spawn('nginx', ['-p', root, '-c', join(root, 'nginx.conf')], { stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => void (await fetch(url)));
  return {
    url,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      rmSync(root, { recursive: true, force: true });
    },
  };
}
