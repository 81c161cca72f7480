import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  createTestDatabase,
  findVersitygw,
  type S3Server,
  startVersitygw,
  type TestDatabase,
} from '@spiderhub/testkit';
import { type Certificates, hasOpenssl, makeCertificates } from '../../support/certificates.ts';

/** What an operator is told of a server that checks what it is sent. */

const CLI = join(__dirname, '../../../apps/cli/dist/main.js');
const program = hasOpenssl() ? findVersitygw() : null;
if (!program) process.stderr.write('S3 with TLS is not tried: no versitygw, or no openssl\n');
const describeWherePossible = program ? describe : describe.skip;

describeWherePossible('an S3 with TLS and an authority of its own', () => {
  let folder: string;
  let certificates: Certificates;
  let server: S3Server;
  let db: TestDatabase;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sh-s3-tls-'));
    certificates = makeCertificates(folder);
    server = await startVersitygw(program as string, certificates);
    db = await createTestDatabase();
    await server.makeBucket('spiderhub-test');
  });
  afterAll(async () => {
    await server.close();
    await db.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** `admin storage verify`, which reads the bucket. */
  async function admin({ bucket = 'spiderhub-test', ...more }: NodeJS.ProcessEnv & { bucket?: string } = {}) {
    const env = {
      ...process.env,
      DATABASE_URL: db.url,
      SPIDERHUB_HOME: folder,
      NODE_EXTRA_CA_CERTS: certificates.authority,
      STORAGE_URL: `s3://${bucket}?endpoint=${server.endpoint}`,
      ...server.keys,
      ...more,
    };
    const command = [CLI, 'admin', 'storage', 'verify', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, command, { env });
    return JSON.parse(stdout) as object;
  }

  it('is reached with NODE_EXTRA_CA_CERTS', async () => {
    expect(await admin()).toMatchObject({ broken: 0, missing: 0, orphans: 0 });
  });

  it.each([
    ['without the authority', { NODE_EXTRA_CA_CERTS: '' }, 'NODE_EXTRA_CA_CERTS'],
    ['a secret that is wrong', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'are not keys of this server'],
    ['a key that nobody has', { AWS_ACCESS_KEY_ID: 'nobody' }, 'are not keys of this server'],
    ['a bucket that is not there', { bucket: 'not-there' }, 'there is no such bucket'],
  ])('%s is named', async (_what, more, sentence) => {
    await expect(admin(more)).rejects.toMatchObject({ stderr: expect.stringContaining(sentence) });
  });
});
