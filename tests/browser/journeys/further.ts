import type { Page } from 'playwright-core';
import type { Scene } from '../page.test.ts';
import { faultsOf } from '../support/axe.ts';
import { expectedRefusal, unexpected } from '../support/browser.ts';
import { enter, plantJob, staffKey } from '../support/seed.ts';

/** axe takes its time on a busy machine. */
const AXE_MS = 240_000;
const MINUTES = 30;

/** A run with a measurement each minute, and errors. */
function measured(scene: Scene, factor: number): Promise<string> {
  const start = Date.now() - MINUTES * 60_000;
  const samples = Array.from({ length: MINUTES }, (_, n) =>
    JSON.stringify([start + n * 60_000, n * 12, n * 10, n * factor, Math.floor(n / 9), 90_000 + n * 500]),
  );
  const logs = [JSON.stringify({ time: start, level: 40, message: `Lost ${factor} of the pages` })];
  return plantJob(scene.service, 'books', { samples, logs, items: ['{"title": "a", "price": 1}'] });
}

/** Screens that are more than lists: charts, comparisons, people, the service itself. */
export function further(scene: Scene): void {
  async function screensOf(): Promise<readonly (readonly [path: string, sign: string])[]> {
    const { db, team } = scene.service;
    const [a, b] = [await measured(scene, 20), await measured(scene, 14)].map((key) =>
      key.split('/').slice(1).join('/'),
    );
    const { id } = await db.database('organisations').where({ name: 'acme' }).first('id');
    return [
      [`/p/${team.project}/${a}?tab=charts`, 'Items a minute'],
      [`/p/${team.project}/compare?a=${a}&b=${b}`, 'Items over time'],
      [`/o/${id}/members`, 'acme-user'],
      ['/account', 'Where you are signed in'],
    ];
  }
  async function faultsAt(page: Page, path: string, sign: string): Promise<string[]> {
    await page.goto(`${scene.service.url}${path}`);
    await page.getByText(sign).first().waitFor();
    return (await faultsOf(page)).map((fault) => `${path}: ${fault}`);
  }

  it.each(['light', 'dark'] as const)(
    'has no fault that axe finds in charts, comparisons, members, account and server, in %s',
    async (colorScheme) => {
      const window = await scene.chromium.open({ colorScheme });
      const { page, context } = window;
      await enter(page, scene.service);
      const faults: string[] = [];
      const screens = await screensOf();
      for (const [path, sign] of screens) faults.push(...(await faultsAt(page, path, sign)));
      await page.goto(`${scene.service.url}${screens[0]?.[0]}`);
      await page.getByRole('button', { name: 'Show as a table' }).click();
      await page.getByRole('region', { name: 'Measurements' }).waitFor();
      faults.push(...(await faultsOf(page)).map((fault) => `charts as a table: ${fault}`));
      // Who operates the service comes with a key: sessions are of people, who are members of something.
      const authorization = `Basic ${Buffer.from(`${await staffKey(scene.service)}:`).toString('base64')}`;
      await context.setExtraHTTPHeaders({ authorization });
      faults.push(...(await faultsAt(page, '/server', 'waits longest since')));
      faults.push(...(await faultsAt(page, '/server/audit', 'Export as JSON lines')));
      expect(faults).toEqual([]);
      expect(unexpected(window, expectedRefusal(401))).toEqual([]);
    },
    AXE_MS,
  );
}
