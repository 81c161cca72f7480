import { hashPassword } from '@spiderhub/core';
import { createScrapydUserStore } from '@spiderhub/db';
import type { Service } from './service.ts';

export const USERNAME = 'scrapy';
export const PASSWORD = 'pass:word';

/** Makes the team's Scrapyd user. */
export async function makeScrapydUser(
  service: Service,
  organisation = 'acme',
  username = USERNAME,
): Promise<void> {
  const users = createScrapydUserStore(service.db.database);
  await users.saveUser(organisation, username, await hashPassword(PASSWORD));
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
