import express, { type Express } from 'express';

/** Believes the X-Forwarded-For of these addresses and networks, separated by commas. Throws when one is none. */
export function trustProxies(app: Express, list: string): void {
  app.set('trust proxy', list.trim().split(/\s*,\s*/));
}

/** Express is asked itself whether it can read the list. */
export function isProxyList(list: string): boolean {
  try {
    trustProxies(express(), list);
    return true;
  } catch {
    return false;
  }
}
