import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Id, Name, None, OfOrganisation, OfProject, PathNumber, Role, Time } from './fields.ts';

const MAX_LIST = 100;
const MAX_GRACE_SECONDS = 30 * 24 * 3600;

const LastUse = z
  .strictObject({
    /** To the minute. */
    at: Time,
    address: z.string().nullable(),
    /** The client's own words for itself. */
    client: z.string().nullable(),
  })
  .meta({ id: 'LastUse' });

export const Key = z
  .strictObject({
    id: Id,
    name: z.string(),
    /** How the key begins. */
    hint: z.string(),
    /** Whose key it is: it may do what the user may. Null for a key of a project. */
    user: z.strictObject({ id: Id, name: z.string() }).nullable(),
    /** The only project that a key of a project reaches. */
    project: Id.nullable(),
    /** What a key of a project is there. */
    role: Role.nullable(),
    /** What it is good for; null: all that its owner may do. */
    actions: z.array(z.string()).nullable(),
    /** Where a user's key is good; null: in all that the user reaches. */
    projects: z.array(Id).nullable(),
    /** From where it is good; null: from everywhere. */
    networks: z.array(z.string()).nullable(),
    createdAt: Time,
    madeBy: z.string(),
    expiresAt: Time.nullable(),
    revokedAt: Time.nullable(),
    /** Whether it works at this moment. */
    isGood: z.boolean(),
    /** The key that was made to take its place. */
    replacedBy: Id.nullable(),
    lastUse: LastUse.nullable(),
  })
  .meta({ id: 'Key' });

const KeyList = z.strictObject({ keys: z.array(Key) }).meta({ id: 'KeyList' });

/** The key itself is shown this one time. */
export const MadeKey = z.strictObject({ apiKey: z.string(), key: Key }).meta({ id: 'MadeKey' });

const Terms = {
  name: Name.max(MAX_LIST),
  /** See the table of actions in docs/rights.md. */
  actions: z.array(z.string().min(1).max(60)).min(1).max(MAX_LIST).nullish(),
  networks: z.array(z.string().min(1).max(60)).min(1).max(MAX_LIST).nullish(),
  expiresAt: Time.nullish(),
};
const NewOwnKey = z.strictObject({ ...Terms, projects: z.array(Id).min(1).max(MAX_LIST).nullish() });
const NewProjectKey = z.strictObject({ ...Terms, role: Role });

const Replacement = z.strictObject({
  /** The old key goes on for so long; a day unless something else is said. */
  graceSeconds: z.int().min(0).max(MAX_GRACE_SECONDS).optional(),
  /** Null: never. Without it the new key lasts as long as the old one did. */
  expiresAt: Time.nullish(),
});

/** Users and projects have keys in the same way. */
function contractsOf<P extends z.ZodObject, B extends z.ZodObject>(
  place: 'Own' | 'Project',
  path: string,
  params: P,
  body: B,
) {
  const one = params.extend({ apikey: PathNumber }) as unknown as z.ZodObject<
    P['shape'] & { apikey: typeof PathNumber },
    z.core.$strict
  >;
  const noun = place === 'Own' ? 'of the caller' : 'of a project';
  const shared = { query: None, errors: WRITE_ERRORS };
  return {
    list: contract({
      ...shared,
      id: `list${place}Keys`,
      method: 'get',
      path,
      summary: `Keys ${noun}, and those that ended in the last 30 days`,
      params,
      body: null,
      reply: KeyList,
      errors: READ_ERRORS,
    }),
    make: contract({
      ...shared,
      id: `make${place}Key`,
      method: 'post',
      path,
      summary: `Make a key ${noun}`,
      params,
      body,
      reply: MadeKey,
    }),
    rotate: contract({
      ...shared,
      id: `rotate${place}Key`,
      method: 'post',
      path: `${path}/:apikey/rotation`,
      summary: `Make a key that takes the place of another one ${noun}, which goes on for a while`,
      params: one,
      body: Replacement,
      reply: MadeKey,
    }),
    revoke: contract({
      ...shared,
      id: `revoke${place}Key`,
      method: 'delete',
      path: `${path}/:apikey`,
      summary: `Revoke a key ${noun}; it works for a second more at most`,
      params: one,
      body: null,
      reply: Key,
    }),
  };
}

export const ownKeys = contractsOf('Own', '/me/keys', None, NewOwnKey);
export const projectKeys = contractsOf('Project', '/projects/:project/keys', OfProject, NewProjectKey);

export const organisationKeys = {
  list: contract({
    id: 'listOrganisationKeys',
    method: 'get',
    path: '/organisations/:organisation/keys',
    summary: 'Keys of the projects and the members of an organisation',
    params: OfOrganisation,
    query: None,
    body: null,
    reply: KeyList,
    errors: READ_ERRORS,
  }),
  revoke: contract({
    id: 'revokeOrganisationKey',
    method: 'delete',
    path: '/organisations/:organisation/keys/:apikey',
    summary: 'Revoke a key of a project or a member of an organisation',
    params: OfOrganisation.extend({ apikey: PathNumber }),
    query: None,
    body: null,
    reply: Key,
    errors: WRITE_ERRORS,
  }),
};
