import type { Service } from '../support/service.ts';
import { byKeys } from './journeys/by-keys.ts';
import { clumsy } from './journeys/clumsy.ts';
import { doing } from './journeys/doing.ts';
import { fault } from './journeys/fault.ts';
import { further } from './journeys/further.ts';
import { layers } from './journeys/layers.ts';
import { looks } from './journeys/looks.ts';
import { newcomer } from './journeys/newcomer.ts';
import { people } from './journeys/people.ts';
import { reading } from './journeys/reading.ts';
import { Chromium, describeInBrowser } from './support/browser.ts';
import { startDemo } from './support/seed.ts';

/** What every journey walks with: one service and one Chromium for all of them. */
export interface Scene {
  service: Service;
  chromium: Chromium;
}

describeInBrowser('the page', () => {
  const scene = { chromium: new Chromium() } as Scene;

  beforeAll(async () => {
    [scene.service] = await Promise.all([startDemo(), scene.chromium.start()]);
  });
  afterAll(async () => {
    await scene.chromium.stop();
    await scene.service?.stop();
  });
  afterEach(async () => {
    const { currentTestName = 'test' } = expect.getState();
    await scene.chromium.closeAll(currentTestName);
  });

  newcomer(scene);
  reading(scene);
  people(scene);
  layers(scene);
  doing(scene);
  looks(scene);
  byKeys(scene);
  clumsy(scene);
  further(scene);
  fault(scene);
});
