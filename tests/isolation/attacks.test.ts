import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A tenant who knows everything attacks the service through its own doors, in namespaces in which nothing of this machine
 * can be harmed. The long form, with what exhausts the machine and all that a deploy runs: npm run test:isolation.
 */

jest.setTimeout(900_000);

interface Result {
  name: string;
  succeeded: boolean;
  detail: string;
}
interface Report {
  hasInternet: boolean;
  /** What keeps crawls from addresses that are not public. */
  network: string;
  results: Result[];
  readyz: { isolation?: { level: string; network?: string } };
  /** Parts that the service said are missing. */
  missing: string[];
}

const run = promisify(execFile);
const HARNESS = join(__dirname, 'harness/run.mjs');
const GAPS = JSON.parse(readFileSync(join(__dirname, 'gaps.json'), 'utf8')) as Record<string, string[]>;
const IS_LONG = process.env.ISOLATION_LONG === '1';
const PARTS = IS_LONG ? 'crawl,resources,listing,build' : 'crawl';
/** An ordinary user of ours that no machine has. */
const ORDINARY = '54321';

/** Where namespaces are not to be had, no box is either: the level is `none`, and there is nothing to attack. */
function why(): string | null {
  const isRoot = process.getuid?.() === 0;
  const args = [
    ...(isRoot ? [] : ['--user', '--map-root-user']),
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--mount-proc',
    'true',
  ];
  const tried = spawnSync('unshare', args, { encoding: 'utf8' });
  return tried.status === 0 ? null : `unshare: ${tried.stderr || tried.error?.message}`;
}

async function attack(isolation: string, uid: string, parts: string, more: string[] = []): Promise<Report> {
  const args = [HARNESS, '--isolation', isolation, '--uid', uid, '--parts', parts, ...more];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report;
}

const named = (results: Result[]) => results.map(({ name, detail }) => `${name} (${detail})`);
const isWanted = ({ name }: Result) => name.startsWith('public: ');

/** What succeeded although it must not, and stands in no list of known gaps of what is missing here. */
function holes({ results, missing }: Report): string[] {
  const known = missing.flatMap((part) => GAPS[part] ?? []);
  const isKnown = ({ name }: Result) => known.some((gap) => name === gap || name.endsWith(`, ${gap}`));
  return named(results.filter((one) => one.succeeded && !isWanted(one) && !isKnown(one)));
}

const reason = why();
const suite = reason === null ? describe : describe.skip;
if (reason !== null) console.warn(`Attacks are left out, no namespaces can be made here: ${reason}`);
const users =
  process.getuid?.() === 0
    ? [
        ['root', '0'],
        ['an ordinary user', ORDINARY],
      ]
    : [['an ordinary user', '0']];

/** All at the same time: most of it is waiting for what does not answer. */
const runs: Record<string, Promise<Report>> = {};
beforeAll(() => {
  if (reason !== null) return;
  for (const [who = '', uid = ''] of users) runs[who] = attack('auto', uid, PARTS);
  runs.unboxed = attack('none', '0', 'crawl', ['--families', 'files,processes,privileges,sockets']);
  for (const each of Object.values(runs)) each.catch(() => {});
});

suite.each(users)('a service of %s', (who = '') => {
  let report: Report;
  beforeAll(async () => {
    report = (await runs[who]) as Report;
  });

  it('puts crawls into a box, and says so, with what guards their network', () => {
    expect(report.readyz.isolation).toMatchObject({ level: 'box', network: report.network });
  });

  it('stops every attack', () => {
    expect(report.results.length).toBeGreaterThan(90);
    expect(holes(report)).toEqual([]);
  });

  it('lets crawls do what spiders do', () => {
    const wanted = report.results.filter((one) => isWanted(one));
    const stopped = named(wanted.filter(({ succeeded }) => !succeeded));
    // Where all goes through a proxy there are no connections of one's own.
    const hasWays = report.hasInternet && report.network !== 'proxy';
    expect(stopped.filter((one) => hasWays || !one.includes('public: reach'))).toEqual([]);
    expect(wanted.length).toBeGreaterThan(3);
  });
});

suite('without a box', () => {
  let report: Report;
  beforeAll(async () => {
    report = (await runs.unboxed) as Report;
  });

  it('the same attacks get what they want, so that they are some', () => {
    const succeeded = report.results.filter((one) => one.succeeded).map(({ name }) => name);
    expect(GAPS.none?.filter((name) => !succeeded.includes(name))).toEqual([]);
  });

  it('no attack is broken', () => {
    expect(named(report.results.filter(({ detail }) => detail.startsWith('BROKEN')))).toEqual([]);
  });
});

it('every known gap is in the documentation', () => {
  const page = readFileSync(join(__dirname, '../../docs/security.md'), 'utf8').replace(/\s+/g, ' ');
  const gaps = Object.entries(GAPS).flatMap(([part, names]) => (part === 'none' ? [] : names));
  for (const gap of gaps) expect(page).toContain(gap.split(': ').at(-1));
});

it('leaves nothing behind on this machine', () => {
  const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  expect(left).not.toMatch(/survivor-m[0-9a-f]{12}/);
});
