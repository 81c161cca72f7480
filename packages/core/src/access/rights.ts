import { accessErrors } from '../errors.ts';
import { ACTIONS, type Action, type ActionRule } from './actions.ts';
import type { Principal } from './principal.ts';
import type { ProjectRoles } from './roles.ts';

/** Whether the table of actions lets the caller do this where it has these roles. */
export function hasRight(who: Principal, action: Action, roles: ProjectRoles | undefined): boolean {
  return refusal(who, action, roles) === null;
}

/** Throws `forbidden` with words for what is missing. */
export function checkRights(who: Principal, action: Action, roles?: ProjectRoles): void {
  const why = refusal(who, action, roles);
  if (why !== null) throw accessErrors.forbidden(why);
}

/** Throws `forbidden` for what cannot be done with what the caller has shown. */
export function checkShown(who: Principal, action: Action): void {
  const why = lacking(who, action);
  if (why !== null) throw accessErrors.forbidden(why);
}

/** What every key may do, so that its holder learns whose it is. */
const ALWAYS: Action = 'account.read';

function lacking({ user, shown, staff, bounds }: Principal, action: Action): string | null {
  const { by }: ActionRule = ACTIONS[action];
  if (bounds?.actions && action !== ALWAYS && !bounds.actions.has(action))
    return `this key is not good for ${action}`;
  if (by === 'session' && !(shown && 'session' in shown)) return 'only who is signed in may do this';
  return by === 'people' && user === null && !staff ? 'a key that belongs to no user may not do this' : null;
}

/** Why the caller may not do it, for people; null when it may. */
function refusal(who: Principal, action: Action, roles: ProjectRoles | undefined): string | null {
  // What a crawl may do was looked at before: it is nobody's member.
  if (who.job) return null;
  const rule = ACTIONS[action];
  const missing = lacking(who, action);
  if (missing !== null || who.staff) return missing;
  if (rule.staffOnly !== undefined) return rule.staffOnly;
  return isAmong(rule, roles) ? null : `${action} needs another role here: one of ${rule.roles.join(', ')}`;
}

function isAmong({ roles: allowed }: ActionRule, roles: ProjectRoles | undefined): boolean {
  if (!roles) return false;
  const { inherited, own } = roles;
  return (inherited !== null && allowed.includes(inherited)) || (own !== null && allowed.includes(own));
}
