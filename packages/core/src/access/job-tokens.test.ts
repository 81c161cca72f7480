import jwt from 'jsonwebtoken';
import { createJobTokens, encodeJobAuth } from './job-tokens.ts';

const KEY = { project: 1, spider: 2, job: 3 };
const tokens = createJobTokens('secret');

describe('job tokens', () => {
  it('name their job and nothing else', () => {
    expect(jwt.decode(tokens.sign(KEY), { complete: true })).toMatchObject({
      header: { alg: 'HS256', typ: 'JWT' },
      payload: { aud: 'job:1/2/3' },
    });
    expect(Object.keys(jwt.decode(tokens.sign(KEY)) as object)).toEqual(['aud']);
  });

  it('are good for their own job only', () => {
    const token = tokens.sign(KEY);
    expect(tokens.verify(KEY, token)).toBe(true);
    expect(tokens.verify({ ...KEY, job: 4 }, token)).toBe(false);
    expect(tokens.verify({ ...KEY, project: 11 }, token)).toBe(false);
  });

  it.each([
    ['another secret', createJobTokens('other').sign(KEY)],
    ['no signature', jwt.sign({ aud: 'job:1/2/3' }, null, { algorithm: 'none' })],
    ['another algorithm', jwt.sign({ aud: 'job:1/2/3' }, 'secret', { algorithm: 'HS512' })],
    ['no audience', jwt.sign({}, 'secret')],
    ['no token at all', 'abc'],
    ['nothing', ''],
  ])('are refused with %s', (_why, token) => {
    expect(tokens.verify(KEY, token)).toBe(false);
  });

  it('travel to the crawl as hex of user and password', () => {
    expect(Buffer.from(encodeJobAuth(KEY, 'a.b.c'), 'hex').toString()).toBe('1/2/3:a.b.c');
  });
});
