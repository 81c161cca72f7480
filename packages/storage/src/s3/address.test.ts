import { parseS3Url, urlOf } from './address.ts';
import { asUnavailable, errorOf, isPassing, isSkewed, isStale, S3Error } from './errors.ts';
import { elementsOf, escapeXml, textOf, textsOf } from './xml.ts';

it.each<[string, object, string]>([
  [
    's3://bucket',
    { bucket: 'bucket', prefix: '', endpoint: 'https://s3.us-east-1.amazonaws.com', pathStyle: false },
    'https://bucket.s3.us-east-1.amazonaws.com/a/b',
  ],
  ['s3://bucket/x//y/', { prefix: 'x/y/' }, 'https://bucket.s3.us-east-1.amazonaws.com/x/y/a/b'],
  [
    's3://bucket?region=eu-central-1',
    { region: 'eu-central-1' },
    'https://bucket.s3.eu-central-1.amazonaws.com/a/b',
  ],
  ['s3://my.bucket', { pathStyle: true }, 'https://s3.us-east-1.amazonaws.com/my.bucket/a/b'],
  [
    's3://bucket?endpoint=http://minio:9000/',
    { endpoint: 'http://minio:9000', pathStyle: true },
    'http://minio:9000/bucket/a/b',
  ],
  [
    's3://bucket?endpoint=https://s3.example.com&path_style=false',
    { pathStyle: false },
    'https://bucket.s3.example.com/a/b',
  ],
  ['s3://bucket?path_style=true', { pathStyle: true }, 'https://s3.us-east-1.amazonaws.com/bucket/a/b'],
])('%s is an address', (text, part, url) => {
  const address = parseS3Url(text);
  expect(address).toMatchObject(part);
  expect(urlOf(address, 'a/b').href).toBe(url);
});

it('an address without a key is that of the bucket', () => {
  expect(urlOf(parseS3Url('s3://bucket/x')).href).toBe('https://bucket.s3.us-east-1.amazonaws.com/');
  expect(urlOf(parseS3Url('s3://bucket/x?path_style=true')).href).toBe(
    'https://s3.us-east-1.amazonaws.com/bucket',
  );
  expect(parseS3Url('s3://bucket', 'eu-west-1').region).toBe('eu-west-1');
});

it.each<[string, RegExp]>([
  ['', /expected s3:/],
  ['bucket', /expected s3:/],
  ['https://bucket', /expected s3:/],
  ['s3://key:secret@bucket', /keys stand in AWS_ACCESS_KEY_ID/],
  ['s3://bucket:9000', /keys stand in/],
  ['s3://bucket#x', /keys stand in/],
  ['s3://b', /3 to 63/],
  ['s3://Bucket_', /3 to 63/],
  ['s3://bucket?regoin=x', /"regoin" is none of endpoint, region, path_style/],
  ['s3://bucket?region=eu%20west', /region: expected/],
  ['s3://bucket?endpoint=minio:9000', /endpoint: expected/],
  ['s3://bucket?endpoint=http://u@minio', /endpoint: expected/],
  ['s3://bucket?endpoint=http://minio/?x=1', /endpoint: expected|is none of/],
  ['s3://bucket?endpoint=http://10.0.0.1:9000&path_style=false', /the endpoint needs a name/],
  ['s3://bucket?endpoint=http://[::1]:9000&path_style=false', /the endpoint needs a name/],
  ['s3://bucket?path_style=yes', /path_style: expected true or false/],
  ['s3://bucket/a%20b', /folders in the bucket/],
  ['s3://bucket/...', /folders in the bucket/],
])('%s is none', (text, why) => {
  expect(() => parseS3Url(text)).toThrow(why);
});

const XML =
  '<R xmlns="x"><Key a="1">a&amp;b&#x1F511;&#10;</Key><Key/><Key>&lt;c&gt;&unknown;</Key><Empty></Empty></R>';

it('reads elements by their names, with what stands for other letters', () => {
  expect(textOf(XML, 'Key')).toBe('a&b\u{1f511}\n');
  expect(textsOf(XML, 'Key')).toEqual(['a&b\u{1f511}\n', '<c>&unknown;']);
  expect(textOf(XML, 'Empty')).toBe('');
  expect(textOf(XML, 'Ke')).toBe('');
  expect(textOf('', 'Key')).toBe('');
  expect(elementsOf('<A><B>1</B></A><A/>', 'A')).toEqual(['<B>1</B>']);
});

it('writes what it can read again', () => {
  const odd = `<a href="x">&'é\u{1f511}`;
  expect(textOf(`<K>${escapeXml(odd)}</K>`, 'K')).toBe(odd);
});

const reply = (status: number, code = '') => ({
  status,
  headers: {},
  body: Buffer.from(code && `<Error><Code>${code}</Code></Error>`),
});

it.each<
  [number, string, { isPassing?: boolean; isSkewed?: boolean; isStale?: boolean; isMissing?: boolean }]
>([
  [404, '', { isMissing: true }],
  [404, 'NoSuchKey', { isMissing: true }],
  [404, 'NoSuchBucket', {}],
  [403, 'AccessDenied', {}],
  [403, 'RequestTimeTooSkewed', { isSkewed: true }],
  [400, 'ExpiredToken', { isStale: true }],
  [400, 'BadDigest', { isPassing: true }],
  [400, 'RequestTimeout', { isPassing: true }],
  [429, '', { isPassing: true }],
  [500, 'InternalError', { isPassing: true }],
  [503, 'SlowDown', { isPassing: true }],
])('an answer of %d %s', (status, code, is) => {
  const error = errorOf('GET x', reply(status, code) as never);
  const found = {
    isPassing: isPassing(error),
    isSkewed: isSkewed(error),
    isStale: isStale(error),
    isMissing: error.isMissing,
  };
  expect(found).toEqual({ isPassing: false, isSkewed: false, isStale: false, isMissing: false, ...is });
  const told = asUnavailable(error);
  if (is.isMissing) expect(told).toBe(error);
  else expect(told).toMatchObject({ kind: 'unavailable', cause: error });
});

it('an error says what was asked and what came', () => {
  expect(new S3Error('GET x', 0, '').message).toBe('S3: GET x: failed');
  expect(errorOf('PUT y', reply(403, 'AccessDenied') as never).message).toMatch(
    /^S3: PUT y: 403 AccessDenied \(.+\)$/,
  );
  expect(errorOf('PUT y', reply(500, 'InternalError') as never).message).toBe('S3: PUT y: 500 InternalError');
  const other = new Error('x');
  expect(asUnavailable(other)).toBe(other);
});
