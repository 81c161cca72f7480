import { type AdminStore, hashApiKey, type LimitStore, type MarkerStore, newApiKey } from '@spiderhub/core';
import type { ScrapydUserStore } from '@spiderhub/core/scrapyd';
import { UserError } from '@spiderhub/hosting';
import { LIMIT_ACTIONS } from './limits.ts';
import { MARKER_ACTIONS } from './markers.ts';
import { newName } from './names.ts';
import { SCRAPYD_USER_ACTIONS } from './scrapyd-users.ts';

/** Everything that can be given on the command line of `spiderhub admin`. */
export interface AdminFlags {
  name?: string | undefined;
  organisation?: string | undefined;
  user?: string | undefined;
  project?: string | undefined;
  id?: string | undefined;
  key?: string | undefined;
  staff?: boolean | undefined;
  paused?: boolean | undefined;
  username?: string | undefined;
  password?: string | undefined;
  'max-running'?: string | undefined;
  weight?: string | undefined;
  policy?: string | undefined;
  tag?: string | undefined;
}

/** What only some actions work with. */
export interface AdminParts {
  scrapydUsers: ScrapydUserStore;
  limits: LimitStore;
  markers: MarkerStore;
}

/** What an action answers: one record, or a list. */
export type AdminAnswer = object | object[];

export interface AdminAction {
  usage: string;
  run(store: AdminStore, flags: AdminFlags, parts: AdminParts): Promise<AdminAnswer>;
}

/** Projects that name no organisation belong to this one. */
const DEFAULT_ORGANISATION = 'default';
const SHORTEST_KEY = 16;

/** `NOUN VERB` as typed, to what it does. */
export const ADMIN_ACTIONS: Record<string, AdminAction> = {
  'organisation create': {
    usage: '--name NAME',
    run: async (store, flags) => created(await store.createOrganisation(newName('--name', flags.name))),
  },
  'organisation list': { usage: '', run: (store) => store.listOrganisations() },
  'project create': {
    usage: '--name NAME [--organisation NAME] [--id NUMBER] [--paused]',
    run: createProject,
  },
  'project pause': { usage: '--id NUMBER', run: (store, flags) => store.setProjectPaused(idOf(flags), true) },
  'project resume': {
    usage: '--id NUMBER',
    run: (store, flags) => store.setProjectPaused(idOf(flags), false),
  },
  'project list': { usage: '', run: (store) => store.listProjects() },
  'user create': {
    usage: '--name NAME',
    run: async (store, flags) => created(await store.createUser(newName('--name', flags.name))),
  },
  'user list': { usage: '', run: (store) => store.listUsers() },
  'member add': {
    usage: '--organisation NAME --user NAME',
    run: async (store, flags) =>
      created(await store.addMember(given(flags, 'organisation'), given(flags, 'user'))),
  },
  'member list': { usage: '', run: (store) => store.listMembers() },
  'key create': { usage: '[--user NAME | --project NUMBER] [--staff] [--key VALUE]', run: createKey },
  'key revoke': { usage: '--id NUMBER', run: (store, flags) => store.revokeKey(idOf(flags)) },
  'key list': { usage: '', run: (store) => store.listKeys() },
  ...LIMIT_ACTIONS,
  ...MARKER_ACTIONS,
  ...SCRAPYD_USER_ACTIONS,
};

async function createProject(store: AdminStore, flags: AdminFlags): Promise<AdminAnswer> {
  const name = newName('--name', flags.name);
  const organisation = flags.organisation ?? DEFAULT_ORGANISATION;
  if (flags.organisation === undefined) await store.createOrganisation(organisation);
  const id = flags.id === undefined ? null : idOf(flags);
  const paused = flags.paused ?? false;
  const project = await store.createProject({ id, organisation, name, paused });
  // A project that was there keeps its state unless it is asked to pause.
  if (paused && !project.value.paused) project.value = await store.setProjectPaused(project.value.id, true);
  return { ...created(project), organisation };
}

/** The answer shows the key this one time: only its hash is kept. */
async function createKey(store: AdminStore, flags: AdminFlags): Promise<AdminAnswer> {
  if (flags.user !== undefined && flags.project !== undefined) {
    throw new UserError('A key belongs to a --user or to a --project, not to both');
  }
  const key = flags.key ?? newApiKey();
  checkKey(key);
  if (flags.user === undefined && flags.project === undefined && !flags.staff) {
    throw new UserError('A key needs a --user, a --project or --staff: it would reach nothing');
  }
  const answer = await store.createKey({
    hash: hashApiKey(key),
    hint: key.slice(0, 4),
    user: flags.user ?? null,
    project: flags.project === undefined ? null : positive('--project', flags.project),
    staff: flags.staff ?? false,
  });
  return { key, ...created(answer) };
}

/** A key is the user name of Basic authentication, so no colon; short ones could be guessed. */
function checkKey(key: string): void {
  if (key.length < SHORTEST_KEY || !/^[\x21-\x39\x3b-\x7e]+$/.test(key)) {
    throw new UserError(
      `--key: expected at least ${SHORTEST_KEY} letters and digits, without spaces and colons`,
    );
  }
}

function created<T>({ value, created: isNew }: { value: T; created: boolean }): T & { created: boolean } {
  return { ...value, created: isNew };
}

function given(flags: AdminFlags, name: 'organisation' | 'user'): string {
  const value = flags[name]?.trim();
  if (!value) throw new UserError(`--${name} is required`);
  return value;
}

function idOf({ id }: AdminFlags): number {
  if (id === undefined) throw new UserError('--id is required');
  return positive('--id', id);
}

function positive(flag: string, text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw new UserError(`${flag}: expected a whole number, 1 to 999999999`);
  return Number(text);
}
