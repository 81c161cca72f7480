import { compile } from 'proxy-addr';

/** Addresses and networks of reverse proxies, as Express takes them for `trust proxy`. */
export function splitProxies(list: string): string[] {
  return list.trim().split(/\s*,\s*/);
}

/** Whether Express, which asks the same library, can read the list. */
export function isProxyList(list: string): boolean {
  try {
    compile(splitProxies(list));
    return true;
  } catch {
    return false;
  }
}
