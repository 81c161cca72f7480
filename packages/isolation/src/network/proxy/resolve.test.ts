import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createResolve } from './resolve.ts';

let silent: Socket;
beforeAll(async () => {
  silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(() => silent.close());

it("looks names up in the machine's own way one at a time, whatever became of the one before", async () => {
  const asked: string[] = [];
  const answers: ((error: Error | null) => void)[] = [];
  const resolve = createResolve({
    ofMachine: (host) =>
      new Promise((done, failed) => {
        asked.push(host);
        answers.push((error) => (error ? failed(error) : done(['203.0.113.1'])));
      }),
  });
  const all = Promise.allSettled(['one', 'two', 'three'].map((host) => resolve(host)));
  for (const [index, error] of [null, new Error('no such name'), null].entries()) {
    await new Promise(setImmediate);
    expect(asked.length).toBe(index + 1);
    answers[index]?.(error);
  }
  await expect(all).resolves.toMatchObject([
    { value: ['203.0.113.1'] },
    { reason: { message: 'no such name' } },
    { value: ['203.0.113.1'] },
  ]);
});

it('does not wait a second time for name servers that are silent', async () => {
  const ofMachine = jest.fn();
  const servers = [`127.0.0.1:${silent.address().port}`];
  const resolve = createResolve({ servers, patienceMs: 50, ofMachine });
  await expect(resolve('slow.test')).rejects.toMatchObject({ code: 'ETIMEOUT' });
  expect(ofMachine).not.toHaveBeenCalled();
});
