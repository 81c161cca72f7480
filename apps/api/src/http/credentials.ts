export interface Credentials {
  user: string;
  password: string;
}

const BASIC = /^basic +([A-Za-z0-9+/_-]+=*) *$/i;

/**
 * Reads an Authorization header of the Basic scheme; null when it is anything else. The password may be empty and
 * may contain colons, and a user name may contain slashes.
 */
export function readBasic(header: string): Credentials | null {
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
