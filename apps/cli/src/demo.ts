import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AdminStore,
  DomainError,
  hashApiKey,
  keyHint,
  makeUserLink,
  newApiKey,
  type Project,
  service,
} from '@spiderhub/core';
import {
  createAdminStore,
  createDatabase,
  createLinkStore,
  createVersionStore,
  type Database,
} from '@spiderhub/db';
import { runOrThrow, say, tail, UserError } from '@spiderhub/hosting';
import { CHECKOUT } from '@spiderhub/platform';

/** What `demo.json` holds: all that a first script needs. */
export interface Demo {
  url: string;
  apikey: string;
  project: number;
  spider: string;
}

const NAME = 'demo';
/** As the audit log names who made the demo. */
const SELF = service('npm start');
const SPIDER = 'books';
const PROJECT = 1;
const DEPLOY_TIMEOUT_MS = 5 * 60_000;

export interface DemoOptions {
  databaseUrl: string;
  /** Base URL of the running API. */
  url: string;
  home: string;
  python: string;
}

/** Makes the demo's organisation, project and key and deploys its spiders, whatever of it is missing. */
export async function ensureDemo({
  databaseUrl,
  url,
  home,
  python,
}: DemoOptions): Promise<Demo & { signInToken: string }> {
  const database = createDatabase(databaseUrl, { maxConnections: 2, name: 'spiderhub-up' });
  try {
    const admin = createAdminStore(database, SELF);
    await ensureOwner(admin);
    const project = await ensureProject(admin);
    const apikey = await ensureKey(admin, rememberedKey(home));
    const demo = { url, apikey, project: project.id, spider: SPIDER };
    remember(home, demo);
    const egg = await buildEgg(home, python);
    const deployed = await createVersionStore(database).find(project.id, egg.version);
    if (!deployed) await deploy(demo, egg);
    return { ...demo, signInToken: await signInToken(database, admin) };
  } finally {
    await database.destroy();
  }
}

/** Nobody is given a password: the owner signs in by a link that works once, a new one at each start. */
async function signInToken(database: Database, admin: AdminStore): Promise<string> {
  const { value: owner } = await admin.createUser(NAME);
  return (await makeUserLink(createLinkStore(database), SELF, 'sign-in', owner.id)).token;
}

/**
 * The first user of an installation, which `npm start` makes for whoever has started it, is staff: there is nobody else who
 * could be asked to look after the service. Where others came before, and of those that there are already, the admin command
 * alone says so.
 */
async function ensureOwner(admin: AdminStore): Promise<void> {
  const isFirst = (await admin.listUsers()).length === 0;
  const { created } = await admin.createUser(NAME);
  if (isFirst && created) await admin.setStaff(NAME, true);
}

async function ensureProject(admin: AdminStore): Promise<Project> {
  await admin.createOrganisation(NAME);
  const project = { organisation: NAME, name: NAME, paused: false };
  try {
    return (await admin.createProject({ ...project, id: PROJECT })).value;
  } catch (error) {
    if (!isConflict(error)) throw error;
    // In a database of its owner's number 1 may be taken, or the demo has another number.
    return (await admin.createProject({ ...project, id: null })).value;
  }
}

async function ensureKey(admin: AdminStore, known: string | null): Promise<string> {
  await admin.addMember(NAME, NAME);
  const apikey = known ?? newApiKey();
  const key = { hash: hashApiKey(apikey), hint: keyHint(apikey), user: NAME, project: null, staff: false };
  try {
    await admin.createKey(key);
    return apikey;
  } catch (error) {
    if (!known || !isConflict(error)) throw error;
    // It was revoked meanwhile.
    return ensureKey(admin, null);
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof DomainError && error.kind === 'conflict';
}

function rememberedKey(home: string): string | null {
  try {
    const { apikey } = JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8')) as Partial<Demo>;
    return typeof apikey === 'string' ? apikey : null;
  } catch {
    return null;
  }
}

function remember(home: string, demo: Demo): void {
  writeFileSync(join(home, 'demo.json'), `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
}

interface Egg {
  content: Buffer;
  /** Name made of its content: the same sources are deployed once. */
  version: string;
}

async function buildEgg(home: string, python: string): Promise<Egg> {
  const folder = join(home, 'tmp');
  const path = join(folder, 'demo.egg');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const examples = join(CHECKOUT, 'examples');
  await runOrThrow(python, [join(examples, 'build-egg.py'), join(examples, 'demo-project'), path]);
  const content = readFileSync(path);
  return { content, version: `demo-${createHash('sha256').update(content).digest('hex').slice(0, 8)}` };
}

/** By the same way as everybody's spiders. */
async function deploy({ url, apikey, project }: Demo, { content, version }: Egg): Promise<void> {
  say('Deploying the demo spiders');
  const form = new FormData();
  form.set('project', String(project));
  form.set('version', version);
  form.set('egg', new Blob([new Uint8Array(content)]), 'demo.egg');
  const response = await fetch(`${url}/api/scrapyd/addversion.json`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${apikey}:`).toString('base64')}` },
    body: form,
    signal: AbortSignal.timeout(DEPLOY_TIMEOUT_MS),
  });
  const answer = await response.text();
  if (response.ok && isGood(answer)) return;
  throw new UserError(`The demo spiders could not be deployed (HTTP ${response.status}):\n${tail(answer)}`);
}

/** Progress comes first, and the last line is the verdict. */
function isGood(answer: string): boolean {
  try {
    const verdict = JSON.parse(tail(answer, 1)) as { status?: unknown };
    return verdict.status === 'ok';
  } catch {
    return false;
  }
}
