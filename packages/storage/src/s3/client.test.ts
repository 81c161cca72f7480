import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type FaultyS3, type S3Fault, type S3Server, startFaultyS3 } from '@spiderhub/testkit';
import { makeBucket, s3Servers } from '../contract/s3-place.ts';
import { parseS3Url, urlOf } from './address.ts';
import { createS3Client } from './client.ts';
import { credentialsFrom } from './credentials.ts';
import { S3Error } from './errors.ts';
import type { Flow } from './flow.ts';
import { signed } from './sign.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' };

// The examples of "Signature Calculations for the Authorization Header" in the API reference of Amazon S3.
describe('signatures', () => {
  const credentials = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

  it.each([
    [
      'GET',
      '/?lifecycle',
      { 'x-amz-content-sha256': empty },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET',
      '/?max-keys=2&prefix=J',
      { 'x-amz-content-sha256': empty },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
    [
      'PUT',
      '/test%24file.text',
      {
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
  ])('of %s %s is what Amazon says', (method, target, headers, signature) => {
    const url = new URL(`https://examplebucket.s3.amazonaws.com${target}`);
    const at = Date.UTC(2013, 4, 24);
    const result = signed({ method, url, headers }, { credentials, region: 'us-east-1', at });
    expect(result.authorization).toMatch(new RegExp(`Signature=${signature}$`));
  });
});

describe('addresses', () => {
  it('are read from a URL', () => {
    expect(parseS3Url('s3://my-bucket/a/b?endpoint=http://127.0.0.1:9000/&region=garage')).toEqual({
      bucket: 'my-bucket',
      prefix: 'a/b/',
      endpoint: 'http://127.0.0.1:9000',
      region: 'garage',
      pathStyle: true,
    });
    const onAmazon = parseS3Url('s3://my-bucket?region=eu-central-1');
    expect(urlOf(onAmazon, 'k').href).toBe('https://my-bucket.s3.eu-central-1.amazonaws.com/k');
    expect(urlOf(parseS3Url('s3://my.bucket'), 'k').href).toBe(
      'https://s3.us-east-1.amazonaws.com/my.bucket/k',
    );
  });

  it.each([
    'http://bucket',
    's3://b',
    's3://UPPER_case',
    's3://key:secret@bucket',
    's3://bucket/a%20b',
    's3://bucket?endpoint=ftp://host',
    's3://bucket?path_style=maybe',
    's3://bucket?pathstyle=true',
    's3://bucket?region=a/b',
  ])('%s is refused', (text) => {
    expect(() => parseS3Url(text)).toThrow();
  });
});

describe.each(s3Servers())('a client of S3 (%s)', (_name, start) => {
  let server: S3Server;
  let faulty: FaultyS3;
  beforeAll(async () => {
    server = await start();
    faulty = await startFaultyS3(server);
  });
  afterAll(async () => {
    await faulty.close();
    await server.close();
  });
  beforeEach(() => {
    faulty.fault = () => 'none';
  });

  /** Each call meets one of these faults first. */
  function once(fault: S3Fault): void {
    const met = new Set<string>();
    faulty.fault = ({ method, path: at }) => {
      if (met.has(method + at)) return 'none';
      met.add(method + at);
      return fault;
    };
  }

  async function bucketBehindFaults(patience = {}) {
    const { bucket } = await makeBucket(server);
    return makeBucket(server, {
      endpoint: faulty.endpoint,
      bucket,
      patience: { silenceMs: 300, ...patience },
    });
  }

  it.each(['busy', 'cut upload', 'cut answer', 'silent'] as const)('goes through %s', async (fault) => {
    const { objects } = await bucketBehindFaults();
    const body = randomBytes(300_000);
    once(fault);
    await objects.put('a/b', body);
    expect(await objects.read('a/b', 1000, 200_000)).toEqual(body.subarray(1000, 200_000));
    await objects.remove(['a/b', 'never was']);
    await expect(objects.read('a/b', 0, 1)).rejects.toMatchObject({ isMissing: true });
  });

  it.each(['busy', 'cut answer', 'silent'] as const)(
    'passes bytes on as they come through %s',
    async (fault) => {
      const { objects } = await bucketBehindFaults();
      const body = randomBytes(3_000_000);
      await objects.put('a/b', body);
      once(fault);
      const flow = objects.flow('a/b', 1000, 2_900_000);
      const chunks = await received(flow);
      expect(Buffer.concat(chunks).equals(body.subarray(1000, 2_900_000))).toBe(true);
      expect(flow.isWhole).toBe(true);
      await expect(received(objects.flow('a/b', 2_900_000, 3_000_001))).rejects.toThrow(
        '100000 bytes instead',
      );
      await expect(received(objects.flow('never was', 0, 1))).rejects.toMatchObject({ isMissing: true });
    },
  );

  it('leaves what it has passed on as it is, whatever comes later', async () => {
    const { objects } = await makeBucket(server);
    const bodies = Array.from({ length: 20 }, () => randomBytes(1_500_000));
    await Promise.all(bodies.map((body, i) => objects.put(`many/${i}`, body)));
    // Twice, so that connections are used again.
    for (let round = 0; round < 2; round += 1) {
      const found = await Promise.all(
        bodies.map((_, i) => received(objects.flow(`many/${i}`, 0, 1_500_000))),
      );
      expect(found.map((chunks, i) => Buffer.concat(chunks).equals(bodies[i] as Buffer))).toEqual(
        bodies.map(() => true),
      );
    }
  });

  it('gives up in time, and says what was asked', async () => {
    const { objects } = await bucketBehindFaults({ givesUpMs: 300 });
    faulty.fault = () => 'busy';
    await expect(objects.put('a', Buffer.from('1'))).rejects.toThrow('S3: PUT a: 503 SlowDown');
    await expect(objects.ping()).rejects.toBeInstanceOf(S3Error);
  });

  it('lists thousands, page by page', async () => {
    const { objects, asked } = await makeBucket(server);
    const keys = Array.from({ length: 1203 }, (_, i) => `list/${String(i).padStart(4, '0')}`);
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map((key) => objects.put(key, Buffer.from('12'))));
    await objects.put('other/1', Buffer.alloc(0));
    const found: string[] = [];
    for await (const { key, sizeBytes } of objects.list('list/')) {
      expect(sizeBytes).toBe(2);
      found.push(key);
    }
    expect(found).toEqual(keys);
    expect(asked.GET).toBe(2);
    await objects.remove(keys);
    for await (const { key } of objects.list('list/')) throw new Error(`${key} is still there`);
  });

  it('finds a bucket ready once it was written to', async () => {
    const { objects, asked } = await makeBucket(server);
    await objects.ping();
    await objects.ping();
    expect(asked.PUT).toBe(1);
    const nowhere = await makeBucket(server, { bucket: 'no-such-bucket' });
    await expect(nowhere.objects.ping()).rejects.toThrow('NoSuchBucket');
  });

  it('tells a wrong secret, where the server looks', async () => {
    const { client } = await makeBucket(server);
    const wrong = createS3Client({
      address: client.address,
      credentials: credentialsFrom(
        { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'wrong' },
        'us-east-1',
      ),
    });
    const asking = wrong.ask({ method: 'PUT', key: 'k', body: Buffer.from('1') });
    if (server.isStrict) await expect(asking).rejects.toMatchObject({ status: 403 });
    else await asking;
  });

  it('never takes a key that nobody has for an object that is not there', async () => {
    const { client } = await makeBucket(server);
    const keys = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'wrong' };
    const stranger = createS3Client({
      address: client.address,
      credentials: credentialsFrom(keys, 'us-east-1'),
    });
    const asking = stranger.ask({ method: 'GET', key: 'k' });
    if (server.isStrict) await expect(asking).rejects.toMatchObject({ isMissing: false });
    else await expect(asking).rejects.toMatchObject({ isMissing: true });
  });

  it.each([-1, 1])('a clock that is %i hours off is followed', async (hours) => {
    const { objects } = await bucketBehindFaults();
    faulty.skewMs = hours * 3600_000;
    await objects.put('skewed', Buffer.from('123'));
    expect(await objects.read('skewed', 0, 3)).toEqual(Buffer.from('123'));
    faulty.skewMs = 0;
    await objects.put('right again', Buffer.from('456'));
    expect(await objects.read('right again', 0, 3)).toEqual(Buffer.from('456'));
  });
});

async function received({ chunks }: Flow): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

/** Objects on a server that answers like this. */
async function onServer(answering: RequestListener) {
  const s3 = createServer(answering);
  await new Promise<void>((resolve) => s3.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const endpoint = `http://127.0.0.1:${(s3.address() as { port: number }).port}`;
  const { objects } = await makeBucket({ endpoint, keys: KEYS } as S3Server, { bucket: 'some-bucket' });
  return { objects, s3 };
}

it('passes nothing on that is not the part it asked for', async () => {
  const { objects, s3 } = await onServer((_incoming, answer) => answer.end('all of it'));
  const { chunks } = objects.flow('k', 0, 3);
  const passed: Buffer[] = [];
  const reading = (async () => {
    for await (const chunk of chunks) passed.push(chunk);
  })();
  await expect(reading).rejects.toThrow('the server does not answer ranges');
  expect(passed).toEqual([]);
  s3.close();
  s3.closeAllConnections();
});

it('removes what is not there also from servers that say so', async () => {
  const codes = ['NoSuchKey', 'AccessDenied'];
  const { objects, s3 } = await onServer((incoming, answer) => {
    incoming.resume().on('end', () => {
      const errors = codes.map((code) => `<Error><Key>k</Key><Code>${code}</Code></Error>`).join('');
      answer.end(`<DeleteResult>${errors}</DeleteResult>`);
    });
  });
  await expect(objects.remove(['k'])).rejects.toThrow('AccessDenied');
  codes.pop();
  await objects.remove(['k']);
  s3.close();
  s3.closeAllConnections();
});

it('asks again when an error stands behind the 200 of an object that was put together', async () => {
  const answers = ['<Error><Code>InternalError</Code></Error>', '<CompleteMultipartUploadResult/>'];
  const s3 = createServer((incoming, answer) => {
    incoming.resume().on('end', () => answer.end(answers.shift()));
  });
  await new Promise<void>((resolve) => s3.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const endpoint = `http://127.0.0.1:${(s3.address() as { port: number }).port}`;
  const client = createS3Client({
    address: parseS3Url(`s3://some-bucket?endpoint=${endpoint}&region=r`),
    credentials: credentialsFrom(KEYS, 'r'),
    patience: { firstPauseMs: 1 },
  });
  const body = Buffer.from('<CompleteMultipartUpload/>');
  const { status } = await client.ask({ method: 'POST', key: 'k', body, isAboutObject: true });
  expect([status, answers]).toEqual([200, []]);
  s3.close();
  s3.closeAllConnections();
});

describe('keys that are lent', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 's3-keys-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  /** A server that answers by path, and what it was asked. */
  async function answering(answers: (ask: string, body: string) => string | null) {
    const asked: string[] = [];
    const server = createServer(async (incoming, answer) => {
      let body = '';
      for await (const chunk of incoming) body += String(chunk);
      asked.push(`${incoming.method} ${incoming.url}`);
      const text = answers(`${incoming.method} ${incoming.url}`, body);
      answer.writeHead(text === null ? 404 : 200).end(text ?? '');
    });
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    return { url, asked, close: () => server.close() };
  }

  const inAnHour = () => new Date(Date.now() + 3600_000).toISOString();

  it('come from the metadata of the machine, once for all', async () => {
    const machine = await answering((ask) => {
      if (ask === 'PUT /latest/api/token') return 'token';
      if (ask === 'GET /latest/meta-data/iam/security-credentials/') return 'role';
      const lent = { AccessKeyId: 'A', SecretAccessKey: 'S', Token: 'T', Expiration: inAnHour() };
      return ask.endsWith('/role') ? JSON.stringify(lent) : null;
    });
    const source = credentialsFrom({ AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url }, 'r');
    const all = await Promise.all([source(), source(), source()]);
    for (const each of all)
      expect(each).toMatchObject({ accessKeyId: 'A', secretAccessKey: 'S', sessionToken: 'T' });
    await source();
    expect(machine.asked).toHaveLength(3);
    await source(true);
    expect(machine.asked).toHaveLength(6);
    machine.close();
  });

  it('come by web identity, with the token as it is now', async () => {
    const file = path.join(dir, 'token');
    await writeFile(file, 'first\n');
    const tokens: (string | null)[] = [];
    const service = await answering((_ask, body) => {
      const form = new URLSearchParams(body);
      tokens.push(form.get('WebIdentityToken'));
      expect(form.get('RoleArn')).toBe('arn:aws:iam::1:role/r');
      return `<R><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S&amp;</SecretAccessKey><SessionToken>T</SessionToken><Expiration>${inAnHour()}</Expiration></Credentials></R>`;
    });
    const source = credentialsFrom(
      {
        AWS_WEB_IDENTITY_TOKEN_FILE: file,
        AWS_ROLE_ARN: 'arn:aws:iam::1:role/r',
        AWS_ENDPOINT_URL_STS: service.url,
      },
      'r',
    );
    expect(await source()).toMatchObject({ accessKeyId: 'A', secretAccessKey: 'S&', sessionToken: 'T' });
    await writeFile(file, 'second');
    await source(true);
    expect(tokens).toEqual(['first', 'second']);
    service.close();
  });

  it('are asked of the container, and a nonsense is named', async () => {
    const agent = await answering(() => '{"AccessKeyId":"A"}');
    const source = credentialsFrom({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.url}/x` }, 'r');
    await expect(source()).rejects.toThrow('the container agent answered something else');
    agent.close();
    expect(() => credentialsFrom({ AWS_ACCESS_KEY_ID: 'A' }, 'r')).toThrow('belong together');
    expect(() => credentialsFrom({ AWS_WEB_IDENTITY_TOKEN_FILE: 'x' }, 'r')).toThrow('AWS_ROLE_ARN');
  });

  it('a wrong clock of ours is mended', async () => {
    const seen: string[] = [];
    const serverTime = new Date(Date.now() + 3600_000);
    const s3 = createServer((incoming, answer) => {
      const date = String(incoming.headers['x-amz-date']);
      seen.push(date);
      answer.setHeader('date', serverTime.toUTCString());
      const isRight = date.slice(0, 11) === serverTime.toISOString().replaceAll(/[-:]/g, '').slice(0, 11);
      if (!isRight) answer.writeHead(403).end();
      else answer.writeHead(200).end();
    });
    await new Promise<void>((resolve) => s3.listen({ host: '127.0.0.1', port: 0 }, resolve));
    const endpoint = `http://127.0.0.1:${(s3.address() as { port: number }).port}`;
    const client = createS3Client({
      address: parseS3Url(`s3://bucket?endpoint=${endpoint}`),
      credentials: credentialsFrom(KEYS, 'r'),
    });
    await client.ask({ method: 'HEAD', key: 'k' });
    await client.ask({ method: 'HEAD', key: 'k' });
    expect(seen).toHaveLength(2 + 1);
    s3.close();
    s3.closeAllConnections();
  });
});
