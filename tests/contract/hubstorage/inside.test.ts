import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';

jest.setTimeout(240_000);

let service: Service;
let directory: string;

beforeAll(async () => {
  service = await startService({ workers: 1 });
  directory = await mkdtemp(join(tmpdir(), 'inside-'));
});
afterAll(async () => {
  await service?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function deploy(): Promise<void> {
  const egg = join(directory, 'inside.egg');
  const script = resolve(__dirname, '../../../examples/build-egg.py');
  await promisify(execFile)(process.env.SPIDERHUB_PYTHON ?? 'python3', [
    script,
    join(__dirname, 'project'),
    egg,
  ]);
  const form = new FormData();
  form.set('project', String(service.team.project));
  form.set('version', '1.0');
  form.set('egg', new Blob([new Uint8Array(await readFile(egg))]), 'inside.egg');
  const lines = (await (await service.call('/api/scrapyd/addversion.json', form)).text()).trim().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ status: 'ok' });
}

const read = async (path: string) => (await service.call(path)).text();
const records = async (path: string) =>
  (await read(path))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('a spider uses the official client inside of its crawl: lists of its project, collections, frontier and its own job, no more', async () => {
  await deploy();
  const form = { project: String(service.team.project), spider: 'inside', x: '1' };
  const { jobid } = (await (await service.call('/api/run.json', form)).json()) as { jobid: string };
  await eventually(async () => expect(await read(`/jobs/${jobid}/state`)).toBe('"finished"\n'), {
    timeoutMs: 120_000,
    everyMs: 200,
  });
  expect(await read(`/jobs/${jobid}/close_reason`)).toBe('"finished"\n');
  const items = (await records(`/items/${jobid}`)).map(({ _type, ...item }) => item);
  expect(items).toEqual([
    { collection: 1201, first: { number: 0 } },
    { frontier: '/0', depth: 0 },
    { frontier: '/1', depth: 1 },
    { frontier: '/2', depth: 2 },
    { state: 'running', args: { x: '1' } },
    { spiders: expect.arrayContaining(['inside']), running: [jobid], tags: ['seen'], settings: {} },
    { low: 'inside', elsewhere: null },
    { refused: 'scheduling', with: 'BadRequest' },
    { refused: 'another job', with: 'Forbidden' },
    { refused: 'another project', with: 'NotFound' },
  ]);
  expect(await read(`/jobs/${jobid}/note`)).toBe('"from inside"\n');
  expect(await read(`/jobs/${jobid}/low`)).toBe('"seen"\n');
  expect(await read(`/collections/${service.team.project}/s/seen/crawl`)).toBe(`{"job":"${jobid}"}\n`);
});
