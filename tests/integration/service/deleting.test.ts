import { eventually } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';

/** What becomes of deleted jobs in a running service without a grace. */

let service: Service;

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['a'], env: { DELETE_GRACE_DAYS: '0' } });
});
afterAll(() => service.stop());

async function post(path: string, body: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`;
  const answer = await fetch(`${service.url}/storage${path}`, {
    method: 'POST',
    headers: { authorization },
    body,
  });
  expect(answer.status).toBe(200);
  return answer.text();
}

/** A finished job with an item. */
async function jobWithItem(): Promise<string> {
  const { project } = service.team;
  const { key } = JSON.parse(await post(`/jobq/${project}/push`, '{"spider":"a","state":"running"}'));
  await post(`/items/${key}`, '{"title":"book"}\n');
  await post(`/jobq/${project}/update`, JSON.stringify({ key, state: 'finished' }));
  return key;
}

async function itemsOf(key: string): Promise<string> {
  return (await service.call(`/storage/items/${key}?format=jl`)).text();
}

async function jobsWithStreams(): Promise<number[]> {
  const jobs = new Set<number>();
  for await (const { ref } of service.storage.movable.list()) jobs.add(ref.key.job);
  return [...jobs].sort((a, b) => a - b);
}

async function rowsOf(table: string): Promise<number> {
  return Number((await service.db.database(table).count().first())?.count);
}

it('frees rows and files of deleted jobs and of no others, though the worker that leads is killed', async () => {
  const [kept, ...gone] = [await jobWithItem(), await jobWithItem(), await jobWithItem()];
  const { project } = service.team;
  const answer = await service.call('/api/jobs/delete.json', { project: String(project), job: gone });
  expect(await answer.json()).toMatchObject({ count: 2 });
  // Nobody can strike a stream off the list: the worker dies in the middle.
  const { database } = service.db;
  await database.raw(
    "create function held() returns trigger language plpgsql as $$ begin raise exception 'held'; end $$",
  );
  await database.raw('create trigger held before delete on streams_to_free execute function held()');
  const worker = await service.startWorker();
  // The rows go first; their streams are on a list by then.
  await eventually(async () => expect(await rowsOf('streams_to_free')).toBe(2));
  await worker.kill();
  expect(await rowsOf('jobs')).toBe(1);
  await database.raw('drop function held cascade');
  await service.startWorker();
  await eventually(async () => expect(await rowsOf('streams_to_free')).toBe(0), { timeoutMs: 150_000 });
  expect(await jobsWithStreams()).toEqual([1]);
  expect(await itemsOf(kept as string)).toContain('book');
  expect(await itemsOf(gone[0] as string)).toBe('');
  const again = await service.call('/api/jobs/delete.json', { project: String(project), job: gone });
  expect(again.status).toBe(404);
  // A number is never used again.
  expect(await jobWithItem()).toBe(`${project}/1/4`);
});
