import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createServiceLimitStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';
import { makeTeam } from '../../support/team.ts';

const run = promisify(execFile);
const PER_WINDOW = 100;
const WINDOW_SECONDS = 20;

let service: Service;

beforeAll(async () => {
  service = await startService({
    workers: 0,
    spiders: ['a'],
    env: {
      API_PROCESSES: '2',
      LIMIT_REQUESTS_PER_SECOND: String(PER_WINDOW / WINDOW_SECONDS),
      LIMIT_BURST_SECONDS: String(WINDOW_SECONDS),
    },
  });
});
afterAll(() => service?.stop());

/** On a connection of its own, so that the next one comes to another process. */
async function ask(key: string, project: number): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  const headers = { authorization, connection: 'close' };
  return fetch(`${service.url}/api/jobs/count.json?project=${project}`, { headers });
}

async function setLimits(organisation: string, limits: Record<string, number>): Promise<void> {
  const { id } = await service.db.database('organisations').where({ name: organisation }).first('id');
  const staff = {
    kind: 'command',
    name: 'test',
    user: null,
    key: null,
    session: null,
    address: null,
    client: null,
  } as const;
  await createServiceLimitStore(service.db.database).change(staff, { organisation: id }, limits);
}

it('requests of all processes are counted together, and of each organisation by itself', async () => {
  const { key, project } = service.team;
  const neighbour = await makeTeam(service.db.database, 'neighbour');
  let passed = 0;
  // As soon as one process refuses, the other one knows or is about to.
  for (let i = 0; i < 2 * PER_WINDOW && (await ask(key, project)).status === 200; i++) passed += 1;
  expect(passed).toBeGreaterThanOrEqual(PER_WINDOW - 1);
  expect(passed).toBeLessThan(PER_WINDOW + 20);
  await eventually(async () => {
    const answers = [await ask(key, project), await ask(key, project)];
    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
    expect(Number(answers[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });
  expect((await ask(neighbour.key, neighbour.project)).status).toBe(200);
});

it('python-scrapinghub waits and repeats what was refused, and loses no item', async () => {
  const python = process.env.SPIDERHUB_CLIENTS_PYTHON;
  if (!python) throw new Error('SPIDERHUB_CLIENTS_PYTHON is not set: run these tests through `npm test`');
  const team = await makeTeam(service.db.database, 'patient', ['a']);
  await service.db.database('projects').where({ id: team.project }).update({ paused: true });
  // Some calls are refused whatever the client does, and the window is short enough for its patience.
  await setLimits('patient', { requestsPerSecond: 3, burstSeconds: 1 });
  const script = `
import sys
from scrapinghub import ScrapinghubClient
url, key, project = sys.argv[1:]
client = ScrapinghubClient(key, dash_endpoint=url + '/api/', endpoint=url + '/storage')
job = client.get_project(project).jobs.run('a')
writer = job.items
for n in range(50):
    writer.write({'n': n})
writer.flush()
for _ in range(12):
    assert job.metadata.get('spider') == 'a'
print(sorted(item['n'] for item in job.items.iter()))
`;
  const { stdout } = await run(python, ['-c', script, service.url, team.key, String(team.project)], {
    timeout: 150_000,
  });
  expect(JSON.parse(stdout)).toEqual(Array.from({ length: 50 }, (_, n) => n));
});
