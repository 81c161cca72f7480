/** Where objects lie: a bucket of some server, and a folder in it. */
export interface S3Address {
  bucket: string;
  /** What each key begins with: empty, or with a slash at its end. */
  prefix: string;
  /** Address of the server, without slash at its end. */
  endpoint: string;
  region: string;
  /** Whether the bucket stands in the path, as everywhere but on AWS, or before the name of the host. */
  pathStyle: boolean;
}

const OPTIONS: ReadonlySet<string> = new Set(['endpoint', 'region', 'path_style']);
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const FOLDER = /^[\w.-]+$/;
const EXPECTED = 's3://bucket/folder?endpoint=https://host&region=name&path_style=true';

/**
 * Reads `s3://bucket/folder?endpoint=…&region=…&path_style=true`. Without `endpoint` it is AWS. Throws an Error whose
 * message says what is wrong.
 */
export function parseS3Url(text: string, defaultRegion = 'us-east-1'): S3Address {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 's3:') throw new Error(`expected ${EXPECTED}`);
  if (url.username || url.password || url.port || url.hash) {
    throw new Error(`expected ${EXPECTED}; keys stand in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`);
  }
  for (const name of url.searchParams.keys()) {
    if (!OPTIONS.has(name)) throw new Error(`"${name}" is none of ${[...OPTIONS].join(', ')}`);
  }
  if (!BUCKET.test(url.hostname))
    throw new Error('the name of a bucket has 3 to 63 letters, digits, . and -');
  const region = url.searchParams.get('region') || defaultRegion;
  if (!/^[\w-]+$/.test(region)) throw new Error('region: expected a name such as eu-central-1');
  const endpoint = endpointOf(url.searchParams.get('endpoint') || `https://s3.${region}.amazonaws.com`);
  const address = {
    bucket: url.hostname,
    prefix: prefixOf(url.pathname),
    endpoint,
    region,
    pathStyle: isPathStyle(url.searchParams.get('path_style'), endpoint, url.hostname),
  };
  // Nothing can stand before the numbers of an address.
  if (!address.pathStyle && !urlOf(address).hostname.startsWith(`${address.bucket}.`))
    throw new Error('path_style=false: the endpoint needs a name before which the bucket can stand');
  return address;
}

function prefixOf(path: string): string {
  const folders = path.split('/').filter((folder) => folder !== '');
  if (!folders.every((folder) => FOLDER.test(folder) && !/^\.+$/.test(folder))) {
    throw new Error('folders in the bucket have names of letters, digits, ., _ and -');
  }
  return folders.map((folder) => `${folder}/`).join('');
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
    throw new Error('endpoint: expected https://host or http://host:port');
  }
  return url.href.replace(/\/+$/, '');
}

/** Certificates of AWS know one name before the host's, so a bucket with dots in its name stands in the path. */
function isPathStyle(given: string | null, endpoint: string, bucket: string): boolean {
  if (given === 'true' || given === 'false') return given === 'true';
  if (given !== null) throw new Error('path_style: expected true or false');
  return bucket.includes('.') || !/\.amazonaws\.com(\.cn)?$/.test(endpoint);
}

/** Address of an object; of the bucket without a key. */
export function urlOf(address: S3Address, key?: string): URL {
  const path = key === undefined ? '' : `/${address.prefix}${key}`;
  if (address.pathStyle) return new URL(`${address.endpoint}/${address.bucket}${path}`);
  const url = new URL(`${address.endpoint}${path || '/'}`);
  url.hostname = `${address.bucket}.${url.hostname}`;
  return url;
}
