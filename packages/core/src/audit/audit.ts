import type { Actor } from '../access/actor.ts';
import { isSecretName } from '../jobs/secrets.ts';
import { MASK } from '../variables/masking.ts';

/** What is kept about changes, in the words of the audit log. The part before the dot is the kind of thing that changed. */
export const AUDIT_ACTIONS = {
  'organisation.made': 'An organisation was made',
  'organisation.changed': 'It got another name',
  'project.made': 'A project was made',
  'project.changed': 'It got another name, was paused or resumed',
  'project.emptied': 'All its versions were deleted, and what waited was cancelled',
  'limits.changed': 'Limits, policy or retention of a project or a spider',
  'network.changed': 'What crawls of a project may reach',
  'user.made': 'A user was made',
  'user.changed': 'A user became staff, or is no longer',
  'member.added': 'Somebody became a member of an organisation or a project',
  'member.changed': 'A member is something else now',
  'member.removed': 'A member was removed',
  'invitation.made': 'A link that makes somebody a member',
  'invitation.withdrawn': 'It was taken back',
  'link.made': 'A link that signs a user in, or sets a password',
  'link.used': 'It was used',
  'password.changed': 'A user has another password; all other sessions ended',
  'email.changed': 'A user has another address for mail, or none',
  'identity.added': 'A user may sign in by an OpenID provider',
  'session.began': 'Somebody signed in',
  'session.ended': 'A session was ended, or several',
  'key.made': 'An API key was made',
  'key.replaced': 'A key was made that takes the place of another one',
  'key.revoked': 'A key was revoked',
  'variables.changed': 'Environment variables of a project or a spider',
  'secrets.rotated': 'Secrets are sealed with another key',
  'settings.changed': 'Settings of a project',
  'spider.tagged': 'Tags of a spider',
  'version.deployed': 'Code was deployed',
  'version.deleted': 'A version was deleted',
  'version.chosen': 'Another version is the one that jobs run which name none',
  'egg.saved': 'An egg that a project keeps beside its versions',
  'egg.deleted': 'It was deleted',
  'release.deployed': 'A container image was announced',
  'periodic.made': 'A periodic job was planned',
  'periodic.changed': 'Its plan changed',
  'periodic.started': 'It was started by hand',
  'periodic.removed': 'It was removed',
  'jobs.deleted': 'Jobs were deleted with their data',
  'jobs.undeleted': 'A deleted job came back',
  'jobs.scheduled': 'Jobs were scheduled',
  'jobs.taken': 'A worker from outside took a job to run it',
  'jobs.moved': 'Jobs were moved to another state',
  'jobs.stopped': 'Jobs were cancelled, or asked to stop',
  'jobs.tagged': 'Tags of jobs',
  'collection.dropped': 'A collection was removed with its records',
  'collection.renamed': 'It got another name',
  'webhook.made': 'A receiver of events',
  'webhook.changed': 'It goes elsewhere, gets other events, was disabled or enabled',
  'webhook.rotated': 'It has another secret',
  'webhook.tested': 'It was sent a test',
  'webhook.replayed': 'What it was sent is sent again',
  'webhook.removed': 'It was removed',
  'rule.made': 'What follows when jobs end',
  'rule.changed': 'The rule is another one, was disabled or enabled',
  'rule.removed': 'It was removed',
  'view.saved': 'A filter of jobs was saved under a name',
  'view.removed': 'It was removed',
  'scrapyd-user.saved': "A user of Scrapyd's API, or its password",
  'scrapyd-user.removed': 'It was removed',
  'scrapyd-network.saved': "A network that uses Scrapyd's API without credentials",
  'scrapyd-network.removed': 'It was removed',
  'marker.made': 'A tag that pipelines mark what they have done with',
  'marker.removed': 'It was removed',
} as const;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

/**
 * Whose log it is in: that of an organisation, or of a project, which is its organisation's, too. What is about a user is
 * in the logs of all organisations that the user is a member of. Null: only in that of the installation.
 */
export type AuditPlace = { organisation: number } | { project: number } | { user: number } | null;

/** One change, as the transaction that makes it notes it. */
export interface AuditEntry {
  action: AuditAction;
  place: AuditPlace;
  /** What was changed: `user 7`, `version 1.0`. */
  object: string;
  /** What it was and what it is, of what changed; without secrets. */
  before?: Record<string, unknown> | null;
  after?: Record<string, unknown> | null;
}

/** Somebody who was not let in, or may not do what was asked for. */
export interface Refusal {
  actor: Actor;
  /** What was asked for, in the words of the table of rights; `sign-in` for credentials that are not good. */
  action: string;
  place: AuditPlace;
  object: string;
  why: string;
}

const MAX_TEXT = 500;
const CREDENTIALS_IN_URL = /\/\/[^/\s@]+@/;

/** What of an address may be shown: behind the host of an incoming webhook stands what lets anybody send there. */
export function addressWithoutSecrets(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
}

/** Named values as the log may show them: those that are called like secrets, or hold a password in an address, are masked. */
export function withoutSecrets(values: Iterable<readonly [string, string]>): Record<string, string> {
  const shown = [...values].map(([name, value]): [string, string] => {
    if (isSecretName(name) || CREDENTIALS_IN_URL.test(value)) return [name, MASK];
    return [name, value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value];
  });
  return Object.fromEntries(shown);
}
