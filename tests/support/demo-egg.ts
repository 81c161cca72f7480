import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Service } from './service.ts';

/** Builds the demo project's egg and returns its bytes. */
export async function buildDemoEgg(): Promise<Buffer> {
  const path = join(await mkdtemp(join(tmpdir(), 'egg-')), 'demo.egg');
  const script = resolve(__dirname, '../../examples/build-egg.py');
  await promisify(execFile)(process.env.SPIDERHUB_PYTHON ?? 'python3', [
    script,
    resolve(__dirname, '../../examples/demo-project'),
    path,
  ]);
  return readFile(path);
}

/** Deploys the demo project over HTTP, as `shub deploy` does; returns the lines of the answer. */
export async function deployDemo(service: Service, version = '1.0'): Promise<string[]> {
  const form = new FormData();
  form.set('project', String(service.team.project));
  form.set('version', version);
  form.set('egg', new Blob([new Uint8Array(await buildDemoEgg())]), 'demo.egg');
  const answer = await service.call('/api/scrapyd/addversion.json', form);
  return (await answer.text()).trim().split('\n');
}
