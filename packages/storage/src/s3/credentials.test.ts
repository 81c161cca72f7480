import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { credentialsFrom } from './credentials.ts';

let folder: string;
let server: Server;
let url: string;
let answer: (req: IncomingMessage, body: string) => { status?: number; body: string };
let asked: string[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'spiderhub-keys-'));
  server = createServer(async (req, res) => {
    let body = '';
    for await (const piece of req) body += String(piece);
    asked.push(`${req.method} ${req.url}`);
    const { status = 200, body: text } = answer(req, body);
    res.writeHead(status).end(text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await new Promise((done) => server.close(done));
});

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
const lent = (key: string, minutes: number) =>
  JSON.stringify({ AccessKeyId: key, SecretAccessKey: 's', Token: 't', Expiration: inMinutes(minutes) });

it('keys that are given are taken, both or none', async () => {
  const given = credentialsFrom(
    { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' },
    'r',
  );
  expect(await given()).toEqual({ accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't' });
  for (const half of [{ AWS_ACCESS_KEY_ID: 'a' }, { AWS_SECRET_ACCESS_KEY: 's' }])
    expect(() => credentialsFrom(half, 'r')).toThrow('one of them is missing');
  expect(() => credentialsFrom({ AWS_WEB_IDENTITY_TOKEN_FILE: '/x' }, 'r')).toThrow('needs AWS_ROLE_ARN');
});

describe('keys that are lent', () => {
  const source = () => credentialsFrom({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/keys` }, 'r');

  it('are asked for once by all, and again before they end', async () => {
    const give = source();
    answer = () => ({ body: lent('long', 60) });
    const all = await Promise.all([give(), give(), give()]);
    expect(new Set(all.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['long']));
    await give();
    expect(asked).toEqual(['GET /keys']);
    answer = () => ({ body: lent('short', 4) });
    expect((await give(true)).accessKeyId).toBe('short');
    answer = () => ({ body: lent('next', 60) });
    expect((await give()).accessKeyId).toBe('next');
    expect(asked).toHaveLength(3);
  });

  it('are good to their end when nobody answers, unless the server has refused them', async () => {
    const give = source();
    answer = () => ({ body: lent('old', 4) });
    await give();
    answer = () => ({ status: 500, body: 'away' });
    expect((await give()).accessKeyId).toBe('old');
    await expect(give(true)).rejects.toThrow('no keys for S3: the container agent answered 500 away');
    answer = () => ({ body: lent('new', 60) });
    expect((await give()).accessKeyId).toBe('new');
  });

  it.each(['', 'no json', '{}', '{"AccessKeyId":"a","SecretAccessKey":"s"}', '[]', 'null', lent('', 60)])(
    'are none when the answer is %s',
    async (body) => {
      answer = () => ({ body });
      await expect(source()()).rejects.toThrow('no keys for S3: the container agent answered something else');
    },
  );

  it('are told to come from nowhere when nobody listens', async () => {
    const nobody = credentialsFrom({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' }, 'r');
    await expect(nobody()).rejects.toThrow('the container agent does not answer; or give AWS_ACCESS_KEY_ID');
  });

  it('by a container come with the word of its file', async () => {
    const file = path.join(folder, 'word');
    await writeFile(file, 'Bearer x\n');
    let shown: string | undefined;
    answer = (req) => {
      shown = req.headers.authorization;
      return { body: lent('a', 60) };
    };
    const settings = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
    };
    await credentialsFrom(settings, 'r')();
    expect(shown).toBe('Bearer x');
  });
});

it('the token of a pod becomes keys of its role', async () => {
  const file = path.join(folder, 'token');
  await writeFile(file, 'jwt\n');
  let form = new URLSearchParams();
  answer = (_req, body) => {
    form = new URLSearchParams(body);
    return {
      body: `<R><AccessKeyId>a</AccessKeyId><SecretAccessKey>s&amp;</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${inMinutes(60)}</Expiration></R>`,
    };
  };
  const give = credentialsFrom(
    { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: 'arn:role', AWS_ENDPOINT_URL_STS: url },
    'r',
  );
  expect(await give()).toMatchObject({ accessKeyId: 'a', secretAccessKey: 's&', sessionToken: 't' });
  expect(Object.fromEntries(form)).toMatchObject({
    WebIdentityToken: 'jwt',
    RoleArn: 'arn:role',
    RoleSessionName: 'spiderhub',
  });
});

describe('keys of the machine', () => {
  const source = () => credentialsFrom({ AWS_EC2_METADATA_SERVICE_ENDPOINT: `${url}/` }, 'r');

  it('are those of its role, asked for with a token', async () => {
    answer = (req) => {
      if (req.method === 'PUT') return { body: 'session\n' };
      if (req.headers['x-aws-ec2-metadata-token'] !== 'session') return { status: 401, body: '' };
      return { body: req.url?.endsWith('/') ? 'my role\nother\n' : lent('machine', 60) };
    };
    expect((await source()()).accessKeyId).toBe('machine');
    expect(asked.at(-1)).toBe('GET /latest/meta-data/iam/security-credentials/my%20role');
  });

  it('are none where the machine has no role', async () => {
    answer = () => ({ body: '' });
    await expect(source()()).rejects.toThrow('names no role');
  });
});
