import { createJobTokens } from '@spiderhub/core';
import { sharedSecret } from '@spiderhub/db';
import { type Service, startService } from '../../support/service.ts';

let service: Service;

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['site'], env: { AUTH_FAILURES_PER_MINUTE: '1' } });
});
afterAll(() => service?.stop());

async function statusOf(path: string, user: string, password = '', body?: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const method = body === undefined ? 'GET' : 'POST';
  const answer = await fetch(service.url + path, { method, headers: { authorization }, body: body ?? null });
  await answer.text();
  return answer.status;
}

it('no number of wrong keys from its machine cuts a crawl off, nor a key', async () => {
  const key = service.team.key;
  const project = service.team.project;
  const pushed = await fetch(`${service.url}/jobq/${project}/push?apikey=${key}`, {
    method: 'POST',
    body: '{"spider":"site","state":"running"}',
  });
  const job = ((await pushed.json()) as { key: string }).key;
  const [spider, number] = job.split('/').slice(1).map(Number) as [number, number];
  const tokens = createJobTokens(await sharedSecret(service.db.database, 'job-token'));
  const token = tokens.sign({ project, spider, job: number });

  const wrong = (n: number) => n.toString(16).padStart(32, '0');
  for (let n = 0; n < 10; n++) expect(await statusOf(`/items/${job}`, wrong(n))).toBe(401);
  expect(await statusOf(`/items/${job}`, wrong(10))).toBe(429);
  expect(await statusOf(`/items/${job}`, job, token.slice(0, -2))).toBe(429);

  expect(await statusOf(`/items/${job}`, job, token, '{"n":1}\n')).toBe(200);
  expect(await statusOf(`/items/${job}/stats`, job, token)).toBe(200);
  expect(await statusOf(`/api/jobs/list.json?project=${project}`, key)).toBe(200);
});
