import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Service } from './service.ts';

const EXAMPLES = resolve(__dirname, '../../examples');
const DEMO = join(EXAMPLES, 'demo-project');

/** Builds the demo project's egg and returns its bytes. */
export function buildDemoEgg(): Promise<Buffer> {
  return buildEgg(DEMO);
}

/** The demo as its author has gone on with it: with a spider more. */
export async function buildSecondEgg(): Promise<Buffer> {
  const folder = join(await mkdtemp(join(tmpdir(), 'second-')), 'demo-project');
  await cp(DEMO, folder, { recursive: true });
  const spider = 'import scrapy\n\n\nclass News(scrapy.Spider):\n    name = "news"\n';
  await writeFile(join(folder, 'demo/spiders/news.py'), spider);
  return buildEgg(folder);
}

async function buildEgg(folder: string): Promise<Buffer> {
  const path = join(await mkdtemp(join(tmpdir(), 'egg-')), 'demo.egg');
  const python = process.env.SPIDERHUB_PYTHON ?? 'python3';
  await promisify(execFile)(python, [join(EXAMPLES, 'build-egg.py'), folder, path]);
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
