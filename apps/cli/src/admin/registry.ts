import { AUDIT_COMMANDS } from './audit.ts';
import type { AdminCommand } from './command.ts';
import { JOB_COMMANDS } from './job.ts';
import { KEY_COMMANDS } from './key.ts';
import { MARKER_COMMANDS } from './marker.ts';
import { INVITATION_COMMANDS, MEMBER_COMMANDS, ORGANISATION_COMMANDS, USER_COMMANDS } from './people.ts';
import { PROJECT_COMMANDS } from './project.ts';
import { PROJECT_ENV_COMMANDS } from './project-env.ts';
import { SCHEDULE_COMMANDS } from './schedule.ts';
import { SCRAPYD_USER_COMMANDS } from './scrapyd-user.ts';
import { SECRETS_COMMANDS } from './secrets.ts';
import { SPIDER_COMMANDS } from './spider.ts';
import { STACK_COMMANDS } from './stacks.ts';
import { STORAGE_COMMANDS } from './storage.ts';
import { USAGE_COMMANDS } from './usage.ts';
import { WEBHOOK_COMMANDS } from './webhook.ts';

/**
 * Every command of `spiderhub admin`, in the order of its help. A new one stands in the file of its noun, is added here,
 * and takes what it works with from `stores.ts`.
 */
export const ADMIN_COMMANDS: readonly AdminCommand[] = [
  ...ORGANISATION_COMMANDS,
  ...PROJECT_COMMANDS,
  ...PROJECT_ENV_COMMANDS,
  ...SPIDER_COMMANDS,
  ...JOB_COMMANDS,
  ...SCHEDULE_COMMANDS,
  ...WEBHOOK_COMMANDS,
  ...USER_COMMANDS,
  ...MEMBER_COMMANDS,
  ...INVITATION_COMMANDS,
  ...KEY_COMMANDS,
  ...AUDIT_COMMANDS,
  ...MARKER_COMMANDS,
  ...SCRAPYD_USER_COMMANDS,
  ...SECRETS_COMMANDS,
  ...STACK_COMMANDS,
  ...STORAGE_COMMANDS,
  ...USAGE_COMMANDS,
];
