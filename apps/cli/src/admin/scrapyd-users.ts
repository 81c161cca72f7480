import { hashPassword } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import type { AdminAction } from './actions.ts';
import { newName } from './names.ts';

const SHORTEST_PASSWORD = 8;

/** Callers of Scrapyd's dialect: a name and a password of an organisation. Creating one again changes its password. */
export const SCRAPYD_USER_ACTIONS: Record<string, AdminAction> = {
  'scrapyd-user create': {
    usage: '--organisation NAME --username NAME --password PASSWORD',
    async run(_store, { organisation, password, ...flags }, { scrapydUsers }) {
      if (!organisation?.trim()) throw new UserError('--organisation is required');
      const username = newName('--username', flags.username);
      if (username.includes(':')) throw new UserError('--username: a colon cannot be part of it');
      if (!password || password.length < SHORTEST_PASSWORD) {
        throw new UserError(`--password: expected at least ${SHORTEST_PASSWORD} characters`);
      }
      const hash = await hashPassword(password);
      return {
        organisation,
        username,
        ...(await scrapydUsers.saveUser(organisation.trim(), username, hash)),
      };
    },
  },
};
