import { valid } from '@renovatebot/pep440';
import { badLine, shown } from './bad-line.ts';
import type { LogicalLine } from './lines.ts';
import { readMarker } from './marker.ts';
import { Scanner } from './scanner.ts';
import { readUrl, schemeOf } from './url.ts';

/** One requirement. */
export interface Requirement {
  /** Line of the file on which it begins, from 1. */
  line: number;
  /** As it was written; null for a bare URL. */
  name: string | null;
  extras: string[];
  /** Conditions on the version, `>=2.11`. None with a URL. */
  specifiers: string[];
  /** Where to fetch it instead of the index. */
  url: string | null;
  /** Host of the URL: a name, or an address that is public. */
  host: string | null;
  marker: string | null;
  /** `sha256:…` of the files that are right. */
  hashes: string[];
}

const NAME = /[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?/iy;
const SPECIFIER = /(?:===\s*[^\s;,)]+|(?:==|~=|!=|<=|>=|<|>)\s*[a-z0-9][a-z0-9.!+*_-]*)/iy;
const URL_TEXT = /\S+/y;
const ARCHIVE = /\.(zip|whl|egg|tar|tgz|tbz|txz|tlz|tar\.\w+)$/i;
/** pip puts what its environment holds in their place. */
const VARIABLE = /\$\{[A-Z0-9_]+\}/;
const HASH = /^sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$/i;

/** Reads a line by the grammar of PEP 508 with pip's options behind it. Throws `invalid` with what is wrong. */
export function readRequirement({ number, text }: LogicalLine): Requirement {
  if (VARIABLE.test(text)) throw badLine(number, 'variables of the environment are not filled in');
  const [wanted, options] = withoutOptions(text);
  if (wanted === '') throw badLine(number, `pip's options are not taken (${optionName(options[0])})`);
  const hashes = readHashes(number, options);
  const read = schemeOf(wanted) ? readBareUrl(number, wanted) : readNamed(number, wanted);
  return { line: number, ...read, hashes };
}

type Read = Omit<Requirement, 'line' | 'hashes'>;

/** What is wanted, and the words behind it from the first on that begins with a hyphen: so pip parts them. */
function withoutOptions(text: string): [string, string[]] {
  const words = text.split(/\s+/);
  const at = words.findIndex((word) => word.startsWith('-'));
  if (at < 0) return [text, []];
  const options = words.slice(at);
  return [words.slice(0, at).join(' '), options];
}

/** Its value may hold a secret. */
function optionName(word = ''): string {
  return (word.startsWith('--') ? word.split('=', 1)[0] : word.slice(0, 2))?.slice(0, 50) ?? '';
}

function readHashes(number: number, options: string[]): string[] {
  const hashes: string[] = [];
  for (let i = 0; i < options.length; i++) {
    const option = options[i] as string;
    if (!/^--hash(=|$)/.test(option))
      throw badLine(number, `pip's options are not taken, except --hash (${optionName(option)})`);
    const hash = option === '--hash' ? (options[++i] ?? '') : option.slice('--hash='.length);
    if (!HASH.test(hash)) throw badLine(number, `${shown(hash)} is not a hash such as sha256:…`);
    hashes.push(hash.toLowerCase());
  }
  return hashes;
}

function readBareUrl(number: number, text: string): Read {
  const scanner = new Scanner(text);
  const url = scanner.take(URL_TEXT) ?? '';
  return {
    name: null,
    extras: [],
    specifiers: [],
    ...checkedUrl(number, url),
    marker: markerOf(number, text, scanner),
  };
}

function readNamed(number: number, text: string): Read {
  const scanner = new Scanner(text);
  const name = scanner.take(NAME);
  const extras = scanner.take(/\[/y) ? readExtras(scanner) : [];
  if (name === null || extras === null || isPath(name, scanner)) throw notOne(number, text);
  const isUrl = scanner.take(/@/y) !== null;
  const from = isUrl ? checkedUrl(number, scanner.take(URL_TEXT) ?? '') : { url: null, host: null };
  const specifiers = isUrl ? [] : readSpecifiers(scanner);
  if (specifiers === null) throw notOne(number, text);
  return { name, extras, specifiers, ...from, marker: markerOf(number, text, scanner) };
}

function readExtras(scanner: Scanner): string[] | null {
  const extras: string[] = [];
  while (!scanner.take(/\]/y)) {
    if (extras.length > 0 && !scanner.take(/,/y)) return null;
    const extra = scanner.take(NAME);
    if (extra === null) return null;
    extras.push(extra);
  }
  return extras;
}

/** Also in brackets, as old metadata has them. */
function readSpecifiers(scanner: Scanner): string[] | null {
  const isBracketed = scanner.take(/\(/y) !== null;
  const specifiers: string[] = [];
  for (let specifier = scanner.take(SPECIFIER); specifier !== null; specifier = scanner.take(SPECIFIER)) {
    const bare = specifier.replaceAll(/\s+/g, '');
    if (!hasVersion(bare)) return null;
    specifiers.push(bare);
    if (!scanner.take(/,/y)) break;
  }
  return isBracketed && !scanner.take(/\)/y) ? null : specifiers;
}

/** A version that ends in `.*`: without anything that would stand behind its last number but for a pre- or post-release. */
const OPEN_END = /^(?!.*(?:dev|\+))(.*)\.\*$/i;
/** At least two numbers: `~=2` could mean any version at all. */
const TWO_NUMBERS = /^v?(?:\d+!)?\d+\.\d/i;

/**
 * `===` compares texts; all others want a version of PEP 440, of which `==` and `!=` may leave the end open and name a
 * local version.
 */
function hasVersion(specifier: string): boolean {
  const [, operator, version = ''] = /^([=!~<>]+)(.*)$/.exec(specifier) ?? [];
  if (operator === '===') return true;
  if (operator === '==' || operator === '!=') return valid(version.replace(OPEN_END, '$1')) !== null;
  if (version.includes('+') || (operator === '~=' && !TWO_NUMBERS.test(version))) return false;
  return valid(version) !== null;
}

/** `./x`, `a/b`, and the name of a file that could lie where pip runs. */
function isPath(name: string, scanner: Scanner): boolean {
  return ARCHIVE.test(name) || /^[/\\:]/.test(scanner.rest);
}

function notOne(number: number, text: string): Error {
  if (
    /^[./~\\]/.test(text) ||
    /^[^\s@;"'<>=]*[/\\]/.test(text) ||
    ARCHIVE.test(text.split(/[\s;[]/, 1)[0] ?? '')
  )
    return badLine(number, 'files of the machine are not taken, only packages and https URLs');
  return badLine(number, `${shown(text)} is not a requirement such as "name>=1.2"`);
}

function checkedUrl(number: number, text: string): { url: string; host: string } {
  const read = readUrl(text);
  if ('why' in read) throw badLine(number, read.why);
  return read;
}

function markerOf(number: number, text: string, scanner: Scanner): string | null {
  if (scanner.isAtEnd) return null;
  const behind = scanner.rest;
  if (!scanner.take(/;/y)) throw notOne(number, text);
  const marker = readMarker(scanner);
  if (!marker)
    throw badLine(number, `${shown(behind)} is not a condition such as "; python_version < '3.12'"`);
  return marker;
}

/** The one way in which we write it for pip. */
export function writeRequirement({ name, extras, specifiers, url, marker, hashes }: Requirement): string {
  const named = `${name ?? ''}${extras.length > 0 ? `[${extras.join(',')}]` : ''}${specifiers.join(',')}`;
  const wanted = [named, ...(url === null ? [] : name === null ? [url] : ['@', url])]
    .filter(Boolean)
    .join(' ');
  return [wanted, ...(marker === null ? [] : [';', marker]), ...hashes.map((hash) => `--hash=${hash}`)].join(
    ' ',
  );
}
