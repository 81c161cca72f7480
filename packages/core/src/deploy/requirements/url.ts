import { isIPv4 } from 'node:net';
import { isPublicAddress } from '../../lib/public-address.ts';

/** A direct URL of a requirement, or what is wrong with it in words. */
export type ReadUrl = { url: string; host: string } | { why: string };

const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
const GIT = 'git+';
/** Characters that two programs could read in two ways. */
const ODD = /[\\;|^`"'<>{}\s]|[^\x21-\x7e]|%(?![0-9a-f]{2})/i;
/** Names that never lead to the internet: RFC 6761, 6762, 7686, 8375, and what clouds call themselves. */
const NOT_PUBLIC_NAME =
  /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|test|invalid|onion|home\.arpa)$/;
/** What pip reads behind a `#`. */
const FRAGMENT = new Map([
  ['egg', /^[a-z0-9](?:[\w.-]*[a-z0-9])?$/i],
  ['subdirectory', /^(?![/-])(?!.*(?:^|\/)\.\.(?:\/|$))[\w.+/-]+$/],
  ...['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].map((name) => [name, /^[0-9a-f]+$/i] as const),
]);

/** The scheme with which a text begins, in small letters; null when it has none. */
export function schemeOf(text: string): string | null {
  return SCHEME.exec(text)?.[1]?.toLowerCase() ?? null;
}

/**
 * Reads a URL that pip shall fetch: over HTTPS, from a host that may be public. It is written anew as WHATWG reads it, so
 * that every form of an address (`127.1`, `0x7f000001`, `１２７.0.0.1`) is the one that was looked at. A name is judged
 * by its ending alone: where it leads is looked at when it is fetched.
 */
export function readUrl(text: string): ReadUrl {
  const scheme = schemeOf(text);
  const isGit = scheme === `${GIT}https`;
  if (scheme === 'file') return { why: 'files of the machine are not taken, only packages and https URLs' };
  if (scheme !== 'https' && !isGit)
    return { why: `URLs of ${scheme ?? 'no scheme'} are not taken, only https ones` };
  if (ODD.test(text)) return { why: 'the URL holds a character that has to be percent-encoded' };
  const parsed = parse(isGit ? text.slice(GIT.length) : text);
  if (!parsed) return { why: 'not a URL' };
  const why = whyNotHost(parsed.hostname) ?? whyNotPath(parsed, isGit);
  return why ? { why } : { url: `${isGit ? GIT : ''}${parsed.href}`, host: bare(parsed.hostname) };
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** Without the brackets of IPv6, and without the dot at the end that names may have. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function whyNotHost(hostname: string): string | null {
  const host = bare(hostname);
  const isAddress = isIPv4(host) || host.includes(':');
  const isPublic = isAddress ? isPublicAddress(host) : host.includes('.') && !NOT_PUBLIC_NAME.test(host);
  return isPublic ? null : `the host ${host.slice(0, 100)} is not a public one`;
}

function whyNotPath({ pathname, hash }: URL, isGit: boolean): string | null {
  // git would take it for an option.
  if (isGit && /@-|\/-/.test(pathname)) return 'a name in the URL begins with a hyphen';
  for (const part of hash.slice(1).split('&').filter(Boolean)) {
    const [key = '', ...value] = part.split('=');
    const pattern = FRAGMENT.get(key);
    if (!pattern) return `the URL's fragment may hold egg, subdirectory or a hash, not ${key.slice(0, 50)}`;
    if (!pattern.test(value.join('='))) return `the URL's fragment has an odd ${key}`;
  }
  return null;
}
