import { decide } from '@spiderhub/core';
import { createCron } from '@spiderhub/cron';
import { createPeriodicStore } from '@spiderhub/db';
import { sameRunKey } from '@spiderhub/hub';
import { eventually } from '@spiderhub/testkit';
import type { Locator, Page } from 'playwright-core';
import type { OperateScene } from '../operate.test.ts';
import { expectedRefusal, unexpected } from '../support/browser.ts';
import { enter } from '../support/seed.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RUNS = 10;
/** Two minutes and what a busy machine takes for them. */
const TWO_MINUTES_MS = 180_000;

/** The next last Sunday of March that is more than a week away: clocks in Berlin go forward at 01:00 UTC. */
function nextSpring(): number {
  const now = new Date();
  for (let year = now.getUTCFullYear(); ; year += 1) {
    const last = new Date(Date.UTC(year, 2, 31));
    const sunday = Date.UTC(year, 2, 31 - last.getUTCDay());
    if (sunday > now.getTime() + 7 * DAY_MS) return sunday;
  }
}

/** The moments that a list of times shows. */
async function momentsIn(rows: Locator): Promise<string[]> {
  const times = await rows.locator('td:first-child time').all();
  return Promise.all(times.map(async (time) => (await time.getAttribute('datetime')) ?? ''));
}

async function fillPlan(page: Page, { cron, zone = 'UTC', spider = 'py:hello.py' }: Record<string, string>) {
  await page.getByLabel('Cron expression').fill(cron ?? '');
  await page.getByLabel('Time zone').fill(zone);
  await page.getByLabel('Spider', { exact: true }).fill(spider);
}

const previewOf = (page: Page) => page.getByRole('region', { name: 'Next runs' });

/** A periodic job of every minute, made at first and looked at when two of its runs have gone by. */
export function byTheMinute(scene: OperateScene) {
  let promised: string[] = [];
  let path = '';
  return {
    plan: () =>
      it('plans a run for every minute, and says when they will be', async () => {
        const { page } = await scene.chromium.open();
        await enter(page, scene.service, '/periodic');
        await page.getByText(`${scene.service.url}/console/projects/`).waitFor();
        await page.getByRole('link', { name: 'Plan the first one' }).click();
        await fillPlan(page, { cron: '* * * * *' });
        await page.getByText('Every minute', { exact: true }).waitFor();
        await page.getByRole('button', { name: 'Plan it' }).click();
        await page.getByRole('heading', { name: 'Every minute' }).waitFor();
        promised = await eventually(async () => {
          const moments = await momentsIn(previewOf(page));
          expect(moments).toHaveLength(RUNS);
          return moments;
        });
        path = new URL(page.url()).pathname;
        expect(Date.parse(promised[0] ?? '')).toBeGreaterThan(Date.now() - 60_000);
      }),
    compare: () =>
      it(
        'has then run at those minutes',
        async () => {
          const window = await scene.chromium.open();
          const { page } = window;
          await enter(page, scene.service);
          await page.goto(`${scene.service.url}${path}`);
          const table = page.getByRole('region', { name: 'Planned times' });
          await eventually(
            async () => {
              // A minute may have begun before the page said what is next.
              const all = (await momentsIn(table)).reverse();
              const gone = all.slice(all.indexOf(promised[0] ?? ''));
              expect(all).toContain(promised[0]);
              expect(gone.length).toBeGreaterThanOrEqual(2);
              expect(gone.slice(0, 2)).toEqual(promised.slice(0, 2));
            },
            { timeoutMs: TWO_MINUTES_MS },
          );
          await table.getByRole('row').last().getByText('started').waitFor();
          expect(unexpected(window)).toEqual([]);
        },
        TWO_MINUTES_MS + 60_000,
      ),
  };
}

/** The leader's own work at the planned time, as if it had come: each of the next runs is fired with its own moment. */
async function letTimePass({ service }: OperateScene, id: number): Promise<void> {
  const { database } = service.db;
  const cron = createCron();
  const store = createPeriodicStore(database, cron.zoneRules);
  const uniqueKey = ({ spider, args }: { spider: string; args: Record<string, string> }) =>
    sameRunKey(spider, args);
  for (let runs = 0; runs < RUNS; ) {
    await database('periodic_jobs')
      .where({ id })
      .update({ fire_at: database.raw("now() - interval '1 s'") });
    const fired = await store.fireDue(1, (job, active, now) =>
      decide(job, active, job.id === id ? job.nextAt : now, { cron, uniqueKey }),
    );
    runs = Number((await database('periodic_runs').where({ periodic_id: id }).count())[0]?.count);
    expect(fired.runs).toBeLessThanOrEqual(1);
  }
}

export function periodic(scene: OperateScene): void {
  it('shows ten runs over a change of clocks, and these are the ones that then happen', async () => {
    const window = await scene.chromium.open();
    const { page } = window;
    const spring = nextSpring();
    const day = (n: number) => new Date(spring + n * DAY_MS).toISOString().slice(0, 10);
    await enter(page, scene.service, '/periodic/new');
    await fillPlan(page, { cron: '30 2 * * *', zone: 'Europe/Berlin' });
    await page.getByLabel('Not before').fill(`${day(-4)}T00:00`);
    await page.getByLabel('Description').fill('Over the change');
    await page.getByLabel('While a job of before is still active').selectOption('allow');
    await page.getByText('Clocks go forward on').waitFor();
    const preview = previewOf(page);
    const promised = await momentsIn(preview);
    const before = [-4, -3, -2, -1].map((n) => `${day(n)}T01:30:00.000Z`);
    const after = [1, 2, 3, 4, 5].map((n) => `${day(n)}T00:30:00.000Z`);
    // There is no half past two on that day: it runs when the gap is over, at three.
    expect(promised).toEqual([...before, `${day(0)}T01:00:00.000Z`, ...after]);
    const texts = await preview.getByRole('row').allTextContents();
    expect(texts[5]).toMatch(/^Clocks go forward on Sun \d+ Mar \d+, from 02:00 to 03:00$/);
    expect(texts[6]).toMatch(/03:00 \+02:00Sun \d+ Mar \d+ 01:00/);

    await page.getByRole('button', { name: 'Plan it' }).click();
    await page.getByRole('heading', { name: 'Over the change' }).waitFor();
    await eventually(async () => expect(await momentsIn(previewOf(page))).toEqual(promised));
    await letTimePass(scene, Number(new URL(page.url()).pathname.split('/').at(-1)));
    const table = page.getByRole('region', { name: 'Planned times' });
    await eventually(async () => expect((await momentsIn(table)).reverse()).toEqual(promised));
    await page.getByText('10 started of the last 10 planned times').waitFor();
    // Real jobs of real workers.
    await eventually(
      async () => expect(await table.getByText('finished', { exact: true }).count()).toBe(RUNS),
      { timeoutMs: 150_000 },
    );
    await table.getByRole('row').nth(1).getByRole('link').click();
    await page.getByRole('heading', { name: /^py:hello.py / }).waitFor();
    await page.getByText('by periodicjobs').first().waitFor();
    expect(unexpected(window)).toEqual([]);
  }, 300_000);

  it('says at its field what is wrong, and keeps what was typed', async () => {
    const window = await scene.chromium.open();
    const { page } = window;
    await enter(page, scene.service, '/periodic/new');
    await fillPlan(page, { cron: '61 6 * * *', spider: 'nobody' });
    const described = async (label: string) => {
      const field = page.getByLabel(label, { exact: true });
      const id = await field.getAttribute('aria-describedby');
      return page.locator(`[id="${id}"]`).textContent();
    };
    await eventually(async () => expect(await described('Cron expression')).toMatch(/^cron: /));
    await page.getByLabel('Cron expression').fill('0 6 * * *');
    await page.getByLabel('Time zone').fill('Nowhere/City');
    await eventually(async () => expect(await described('Time zone')).toMatch(/^timezone: /));
    await page.getByLabel('Time zone').fill('Europe/Berlin');
    await page.getByRole('button', { name: 'Plan it' }).click();
    await page.getByText('spider: nobody not found').waitFor();
    await page.getByLabel('Spider', { exact: true }).fill('books');
    await page.getByLabel('Tags of its jobs').fill('x'.repeat(300));
    await page.getByRole('button', { name: 'Plan it' }).click();
    await eventually(async () => expect(await described('Tags of its jobs')).toMatch(/^tags: /));
    expect(await page.getByLabel('Cron expression').inputValue()).toBe('0 6 * * *');
    expect(unexpected(window, expectedRefusal(400))).toEqual([]);
  });

  it('changes, runs, pauses, resumes and deletes one', async () => {
    const window = await scene.chromium.open();
    const { page } = window;
    await enter(page, scene.service, '/periodic/new');
    await fillPlan(page, { cron: '0 6 1 1 *', spider: 'books' });
    await page.getByRole('button', { name: 'Add argument' }).click();
    await page.getByLabel('Name of argument 1').fill('category');
    await page.getByLabel('Value of argument 1').fill('travel');
    await page.getByLabel('Description').fill('Once a year');
    await page.getByRole('button', { name: 'Plan it' }).click();
    await page.getByRole('heading', { name: 'Once a year' }).waitFor();
    await page.getByText('category = travel').waitFor();

    await page.getByRole('button', { name: 'Run now' }).click();
    const table = page.getByRole('region', { name: 'Planned times' });
    await table.getByText('started').waitFor();
    await table.getByText('finished', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByLabel('Description').fill('Twice a year');
    await page.getByLabel('Cron expression').fill('0 6 1 1,7 *');
    await page.getByLabel('Tags of its jobs').fill('half');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Twice a year' }).waitFor();
    await page.getByText('half', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('It is paused: nothing runs, and').waitFor();
    await eventually(async () =>
      expect(await page.getByRole('button', { name: 'Run now' }).isDisabled()).toBe(true),
    );
    await page.goto(`${scene.service.url}/p/${scene.service.team.project}/periodic?show=paused`);
    await page.getByRole('searchbox', { name: 'Filter periodic jobs' }).fill('twice books');
    const rows = page.getByRole('region', { name: 'Periodic jobs' }).getByRole('row');
    await eventually(async () => expect(await rows.count()).toBe(2));
    await page.getByRole('button', { name: 'Resume: Twice a year' }).click();
    await page.getByText('Nothing matches').waitFor();
    await page.getByRole('link', { name: /without this filter/ }).click();
    await page.getByRole('link', { name: 'Twice a year' }).click();

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('heading', { name: 'Periodic jobs' }).waitFor();
    await page.getByRole('link', { name: 'Twice a year' }).waitFor({ state: 'detached' });
    expect(unexpected(window)).toEqual([]);
  });
}
