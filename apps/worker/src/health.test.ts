import type { IsolationReport } from '@spiderhub/isolation';
import { createLogger } from '@spiderhub/platform';
import { freePort } from '@spiderhub/testkit';
import { createHealth } from './health.ts';

const isolation: IsolationReport = { level: 'box', network: 'rules', missing: [] };
const log = createLogger({ name: 'test', level: 'silent' });

it('tells whether the worker is well, and stops answering with it', async () => {
  let well = true;
  const port = await freePort();
  const health = createHealth({ port, isWell: () => well, isolation, log });
  const status = async () => (await fetch(`http://127.0.0.1:${port}/`)).status;
  await health.start();
  expect(await status()).toBe(200);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).json()).toEqual({ status: 'ok', isolation });
  well = false;
  expect(await status()).toBe(503);
  await health.stop(AbortSignal.abort());
  await expect(status()).rejects.toThrow();
});

it('serves nothing on port 0', async () => {
  const health = createHealth({ port: 0, isWell: () => true, isolation, log });
  await health.start();
  await expect(health.stop(AbortSignal.abort())).resolves.toBeUndefined();
});
