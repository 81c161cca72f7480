import { scheduleRequest } from '../../support/team.ts';
import { type ApiUnderTest, startApi } from './support.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(() => api.renew());
afterAll(() => api.close());

const ODD_TEXTS = [
  '',
  ' ',
  'a"b\\c/d',
  'line\nbreak\ttab\rreturn\bbell\fform',
  '\u0001\u001d\u001e\u001f\u007f\u0080',
  '\u001f'.repeat(20),
  '{"a": 1}',
  ':',
  'null',
  'ümläut ’ 日本 🕷 \u2028\u2029\ufeff',
  '<script>&amp;',
];

const ODD_ARGS: Record<string, string>[] = [
  ...ODD_TEXTS.map((text) => ({ [`${text}x`]: text, second: '", "', third: '": "' })),
  { nul: 'a\u0000b', lone: '\ud800', escaped: '\\u0000', pair: '\ud83d\ude00' },
  { 10: 'ten', 9: 'nine', zero: '0' },
  JSON.parse('{"__proto__": "p", "constructor": "c"}'),
];

/** The jobs of a list, as text, without the time that went by between two answers. */
function still(text: string): string {
  return text.replaceAll(/"elapsed":\d+/g, '"elapsed":0');
}

async function expectSameText(query = ''): Promise<string[]> {
  const path = (name: string) => `/api/jobs/${name}?project=${api.team.project}&count=100${query}`;
  const lines = (await api.get(path('list.jl'))).text.trimEnd().split('\n').slice(1).map(still);
  // One by one, so that a failure shows one job.
  const page = still((await api.get(path('list.json'))).text);
  for (const line of lines) expect(page).toContain(line);
  expect(page).toContain(`"jobs":[${lines.join(',')}]`);
  return lines;
}

describe('a line of list.jl', () => {
  it('has the bytes of list.json, whatever arguments hold', async () => {
    await api.store.schedule(ODD_ARGS.map((args) => scheduleRequest(api.team.project, 'a', { args })));
    expect(await expectSameText()).toHaveLength(ODD_ARGS.length);
  });

  it('has the bytes of list.json, whatever versions, tags and reasons hold', async () => {
    await api.store.schedule(
      ODD_TEXTS.map((text) =>
        scheduleRequest(api.team.project, 'b', {
          version: text,
          closeReason: text,
          tags: [`${text}tag`, text],
          state: 'finished',
        }),
      ),
    );
    expect(await expectSameText()).toHaveLength(ODD_TEXTS.length);
    for (const tag of ODD_TEXTS.slice(2, 4)) await expectSameText(`&has_tag=${encodeURIComponent(tag)}`);
  });

  it('has the bytes of list.json, whenever something happened and however much there was', async () => {
    const { project } = api.team;
    const times = [
      '1969-12-31 23:59:59.9999Z',
      '1970-01-01 00:00:00Z',
      '2026-02-28 23:59:59.999999Z',
      '2026-03-01 00:00:00.000999Z',
      '2038-01-19 03:14:08.123001Z',
      '9999-12-31 23:59:59.5Z',
    ];
    await api.store.schedule(times.map(() => scheduleRequest(project, 'a')));
    for (const [at, time] of times.entries()) {
      await api.database.database.raw(
        `update jobs set state = 'finished', state_since = :time, running_at = :time, finished_at = :time,
          items = 9007199254740991, pages = :at, close_reason = 'finished' where project_id = :project and number = :at`,
        { project, time, at: at + 1 },
      );
    }
    expect(await expectSameText()).toHaveLength(times.length);
  });

  it('has the counts of a running job from its lease, and no detail that a job has not', async () => {
    const { project } = api.team;
    await api.store.schedule([scheduleRequest(project, 'a'), scheduleRequest(project, 'a')]);
    await api.database.database.raw(
      `with j as (update jobs set state = 'running', worker = 'w', running_at = now(), attempt = 1
        where project_id = ? and number = 1 returning id)
      insert into leases (job_id, attempt, worker, until, items, pages, logs, errors) select id, 1, 'w', now(), 1, 2, 3, 4 from j`,
      [project],
    );
    await api.database.database.raw(
      'delete from job_details using jobs j where j.id = job_id and j.project_id = ? and j.number = 2',
      [project],
    );
    const lines = await expectSameText();
    expect(lines.join()).toContain('"responses_received":2,"items_scraped":1,"logs":3');
  });

  it('comes for each of thousands of jobs, in their order, with and without a tag', async () => {
    const { project } = api.team;
    const requests = Array.from({ length: 5000 }, (_, n) =>
      scheduleRequest(project, n % 3 === 0 ? 'b' : 'a', { tags: n % 7 === 0 ? ['seventh'] : [] }),
    );
    await api.store.schedule(requests);
    const expected = await api.database.database.raw(
      'select spider, number, tags from jobs where project_id = ? order by state_since desc, id desc',
      [project],
    );
    const ids = async (query: string) => {
      const { text } = await api.get(`/api/jobs/list.jl?project=${project}${query}`);
      return text
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => JSON.parse(line).id);
    };
    const keys = (rows: { spider: number; number: number }[]) =>
      rows.map(({ spider, number }) => `${project}/${spider}/${number}`);
    expect(await ids('')).toEqual(keys(expected.rows));
    expect(await ids('&offset=2500&count=2300')).toEqual(keys(expected.rows).slice(2500, 4800));
    const tagged = expected.rows.filter((row: { tags: string[] }) => row.tags.length > 0);
    expect(await ids('&has_tag=seventh')).toEqual(keys(tagged));
  });
});
