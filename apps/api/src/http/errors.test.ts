import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessErrors, jobErrors, serviceErrors } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import express, { type RequestHandler } from 'express';
import { DEFAULT_STATUS, HttpProblem, renderErrors } from './errors.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

/** Serves a handler that fails. */
async function serve(handler: RequestHandler) {
  const logged: string[] = [];
  const say = (level: string) => (_fields: unknown, message: string) =>
    void logged.push(`${level}: ${message}`);
  const log = { error: say('error'), warn: say('warn') } as unknown as Logger;
  const app = express();
  app.use(handler);
  app.use(
    renderErrors(
      { statusOf: { ...DEFAULT_STATUS, conflict: 400 }, body: (message) => ({ message }) },
      { log },
    ),
  );
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, logged };
}

function fails(error: unknown): RequestHandler {
  return () => {
    throw error;
  };
}

describe('an error', () => {
  it.each([
    ['ENOSPC', 'there is no room left on the disk, try again later'],
    ['EDQUOT', 'there is no room left on the disk, try again later'],
    ['53100', 'there is no room left on the disk, try again later'],
    ['EROFS', 'the disk is not available, try again later'],
  ])('of a disk that takes nothing is worth another try: %s', async (code, message) => {
    const { url, logged } = await serve(fails(Object.assign(new Error('write'), { code })));
    const answer = await fetch(url);
    expect([answer.status, await answer.json()]).toEqual([503, { message }]);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(logged).toEqual(['warn: service not available']);
  });

  it.each([
    [jobErrors.notFound('1/2/3'), 404, 'job 1/2/3 not found'],
    [jobErrors.alreadyScheduled('a'), 400, 'a already scheduled'],
    [accessErrors.unauthenticated(), 401, 'Authentication failed'],
    [new HttpProblem(415, 'not this type'), 415, 'not this type'],
  ])('is answered in its dialect, once, and logged by nobody: %s', async (error, status, message) => {
    const { url, logged } = await serve(fails(error));
    const answer = await fetch(url);
    expect([answer.status, await answer.json()]).toEqual([status, { message }]);
    expect(logged).toEqual([]);
  });

  it('of ours is logged and tells nothing of our inside', async () => {
    const { url, logged } = await serve(fails(new Error('password=secret')));
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([500, '{"message":"internal error"}']);
    expect(logged).toEqual(['error: request failed']);
  });

  it('of what we cannot reach says when to come again', async () => {
    const { url, logged } = await serve(fails(serviceErrors.unavailable('the database', new Error('down'))));
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(logged).toEqual(['warn: service not available']);
  });

  it('in the middle of an answer cuts it', async () => {
    const { url } = await serve((_req, res) => {
      res.writeHead(200).write('a beginning');
      throw new Error('late');
    });
    const text = fetch(url).then((answer) => answer.text());
    await expect(text).rejects.toThrow();
  });

  it('leaves the connection good for the next request, though the body of this one was not read', async () => {
    const { url } = await serve(fails(jobErrors.noFilter()));
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(url, { method: 'POST', body: 'x'.repeat(1_000_000) });
      expect([answer.status, await answer.json()]).toMatchObject([400, {}]);
    }
  });
});
