import type { Contract } from '@spiderhub/wire';
import { ApiError, addressOf, operation, rememberCsrfToken, whenSessionIsGone } from './client.ts';

type Sent = { url: string; init: RequestInit };

const read = operation<Contract>('read', 'get', '/things/:thing') as unknown as (
  given: object,
) => Promise<unknown>;
const write = operation<Contract>('write', 'post', '/things/:thing') as typeof read;
const sent: Sent[] = [];
let answer: () => Response;

beforeEach(() => {
  sent.length = 0;
  answer = () => new Response('{"a":1}');
  rememberCsrfToken('token-1');
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    sent.push({ url: url as string, init: init ?? {} });
    return answer();
  });
});

afterEach(() => jest.restoreAllMocks());

it('puts names into addresses so that none of them means another one', async () => {
  await read({
    params: { thing: '../a b?c' },
    query: { q: 'a&b', none: undefined, empty: '', many: [1, 2] },
  });
  expect(sent[0]?.url).toBe('/console/things/..%2Fa%20b%3Fc?q=a%26b&many=1&many=2');
  expect(addressOf('/x/:n', { n: 7 })).toBe('/console/x/7');
});

it('sends the token of the session with what changes something, and with nothing else', async () => {
  await read({ params: { thing: 1 } });
  await write({ params: { thing: 1 }, body: { b: 2 } });
  expect(sent.map(({ init }) => new Headers(init.headers).get('x-csrf-token'))).toEqual([null, 'token-1']);
  expect(sent[1]?.init.body).toBe('{"b":2}');
});

it('tells what the service said, and for which field', async () => {
  answer = () =>
    new Response('{"error":{"code":"invalid","message":"name: is required","field":"name"}}', {
      status: 400,
      headers: { 'x-request-id': 'r-1', 'retry-after': '7' },
    });
  await expect(write({ params: { thing: 1 }, body: {} })).rejects.toMatchObject({
    status: 400,
    code: 'invalid',
    message: 'name: is required',
    field: 'name',
    requestId: 'r-1',
    retryAfterSeconds: 7,
  });
});

it('tells when the session is gone, and when nobody answers', async () => {
  const gone = jest.fn();
  whenSessionIsGone(gone);
  answer = () => new Response('<html>', { status: 401 });
  await expect(read({ params: { thing: 1 } })).rejects.toMatchObject({ status: 401, code: 'error' });
  expect(gone).toHaveBeenCalledTimes(1);
  answer = () => {
    throw new TypeError('fetch failed');
  };
  const failure: unknown = await read({ params: { thing: 1 } }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject({ status: 0, code: 'unreachable' });
});
