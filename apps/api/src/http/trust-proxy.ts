import { splitProxies } from '@spiderhub/platform';
import type { Express } from 'express';

/** Believes the X-Forwarded-For of these addresses and networks, separated by commas. Throws when one is none. */
export function trustProxies(app: Express, list: string): void {
  app.set('trust proxy', splitProxies(list));
}
