import { type Receiver, startReceiver } from '../support/receiver.ts';
import { chain } from './journeys/chain.ts';
import { operateLooks } from './journeys/operate-looks.ts';
import { byTheMinute, periodic } from './journeys/periodic.ts';
import { webhooks } from './journeys/webhooks.ts';
import type { Scene } from './page.test.ts';
import { Chromium, describeInBrowser } from './support/browser.ts';
import { startDemo } from './support/seed.ts';

/** What these journeys walk with: also somebody's server that is told what happens. */
export interface OperateScene extends Scene {
  receiver: Receiver;
}

describeInBrowser('periodic jobs, webhooks and rules', () => {
  const scene = { chromium: new Chromium() } as OperateScene;

  beforeAll(async () => {
    const env = { WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8' };
    [scene.service, scene.receiver] = await Promise.all([
      startDemo({ env }),
      startReceiver(),
      scene.chromium.start(),
    ]);
  });
  afterAll(async () => {
    await scene.chromium.stop();
    await scene.receiver?.close();
    await scene.service?.stop();
  });
  afterEach(async () => {
    const { currentTestName = 'test' } = expect.getState();
    await scene.chromium.closeAll(currentTestName);
  });

  const minute = byTheMinute(scene);
  minute.plan();
  periodic(scene);
  webhooks(scene);
  chain(scene);
  operateLooks(scene);
  minute.compare();
});
