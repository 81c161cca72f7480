import { join } from 'node:path';
import type { Boxing, ProgramTenant, Tenant } from './boxing.ts';
import { NO_BOXING } from './boxing.ts';
import { describeBox } from './describe-box.ts';
import type { BoxDescription, BoxNetwork } from './description.ts';
import type { IsolationReport, IsolationSetting, MissingPart } from './level.ts';
import { openTheWay } from './open-the-way.ts';
import { partsOfPython } from './parts-of-python.ts';
import { causeOf } from './probe/causes.ts';
import { tryLevel } from './probe/try-level.ts';
import { withoutHome } from './without-home.ts';

export interface BoxingOptions {
  setting: IsolationSetting;
  /** User id of project 0, for a service that runs as root. */
  uidBase: number;
  /** Python of the base environment. */
  python: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** SPIDERHUB_HOME: no part of it is seen in a box but what a tenant is given. */
  home: string;
  /** Below the home, for trials. */
  trialDir: string;
}

/** What the environment of a worker or an API process says of it. */
export interface IsolationConfig {
  ISOLATION: IsolationSetting;
  ISOLATION_UID_BASE: number;
  SPIDERHUB_HOME: string;
  SPIDERHUB_LAUNCHER: string;
  SPIDERHUB_PYTHON?: string | undefined;
}

/** As `createBoxing`, from a configuration. */
export function boxingFromConfig(config: IsolationConfig): Promise<Boxing> {
  const home = config.SPIDERHUB_HOME;
  return createBoxing({
    setting: config.ISOLATION,
    uidBase: config.ISOLATION_UID_BASE,
    python: config.SPIDERHUB_PYTHON ?? join(home, 'python/bin/python'),
    launcherDir: config.SPIDERHUB_LAUNCHER,
    home,
    trialDir: join(home, 'tmp'),
  });
}

/** The isolation that was asked for does not work here. Its message is for the operator. */
export class IsolationError extends Error {
  constructor(level: string, { words, mend }: Pick<MissingPart, 'words' | 'mend'>) {
    super(
      `ISOLATION=${level} is not possible here: ${words}.${mend === undefined ? '' : ` To mend it: ${mend}.`}`,
    );
    this.name = 'IsolationError';
  }
}

/**
 * Finds out by trying what this machine allows, and returns the boxes of the level that was asked for, or of the best
 * that works. Throws an IsolationError when that one does not.
 */
export async function createBoxing(options: BoxingOptions): Promise<Boxing> {
  const { setting } = options;
  if (setting === 'none') return NO_BOXING;
  const asRoot = process.getuid?.() === 0;
  const parts = remembered(options);
  if (setting !== 'uid') {
    const cause = await problem('box', options, parts, asRoot);
    if (cause === null) return boxingOf({ level: 'box', missing: [] }, options, parts, asRoot);
    if (setting === 'box') throw new IsolationError('box', cause);
    return withoutBox(options, parts, asRoot, cause);
  }
  const cause = await problem('uid', options, parts, asRoot);
  if (cause !== null) throw new IsolationError('uid', cause);
  const asked = {
    words: 'code of projects sees this machine: it has no box, only users of its own (ISOLATION=uid)',
  };
  return boxingOf({ level: 'uid', missing: [{ part: 'box', ...asked }] }, options, parts, asRoot);
}

type Parts = (python: string) => Promise<string[]>;

async function withoutBox(
  options: BoxingOptions,
  parts: Parts,
  asRoot: boolean,
  cause: Pick<MissingPart, 'words' | 'mend'>,
): Promise<Boxing> {
  const noBox: MissingPart = {
    ...cause,
    part: 'box',
    words: `There are no boxes around code of projects: ${cause.words}`,
  };
  const alsoNoUid = await problem('uid', options, parts, asRoot);
  if (alsoNoUid === null) return boxingOf({ level: 'uid', missing: [noBox] }, options, parts, asRoot);
  return { ...NO_BOXING, report: { level: 'none', missing: [noBox] } };
}

async function problem(
  level: 'box' | 'uid',
  options: BoxingOptions,
  parts: Parts,
  asRoot: boolean,
): Promise<Pick<MissingPart, 'words' | 'mend'> | null> {
  if (process.platform !== 'linux') return { words: 'it needs Linux' };
  if (level === 'uid' && !asRoot) return { words: 'only a service that runs as root can change users' };
  const boxing = boxingOf({ level, missing: [] }, options, parts, asRoot);
  const words = await tryLevel(
    async ({ home, tmp }) => {
      const tenant = {
        project: 0,
        python: options.python,
        readonly: [options.launcherDir],
        writable: [home, tmp],
        tmp,
      };
      return (await boxing.ofProgram({ ...tenant, network: 'none' })) as BoxDescription;
    },
    { ...options, directory: options.trialDir },
  );
  return words === null ? null : causeOf(words, asRoot);
}

function boxingOf(report: IsolationReport, options: BoxingOptions, parts: Parts, asRoot: boolean): Boxing {
  const level = report.level === 'uid' ? 'uid' : 'box';
  const describe = async (tenant: Tenant): Promise<BoxDescription> => {
    if (level === 'uid') await openTheWay(options.home, [...tenant.readonly, ...tenant.writable]);
    return describeBox(tenant, { level, uidBase: asRoot ? options.uidBase : null, partsOfPython: parts });
  };
  return {
    report,
    ofCrawl: describe,
    async ofProgram(program) {
      return { ...(await describe(program)), network: networkOf(program) };
    },
    forget: async () => {},
  };
}

function networkOf({ network }: ProgramTenant): BoxNetwork {
  return network === 'none' ? { kind: 'none' } : { kind: 'relay', socket: network.proxy };
}

/** Each Python is asked once; one that could not be asked is asked again. */
function remembered({ home }: BoxingOptions): Parts {
  const known = new Map<string, Promise<string[]>>();
  return (python) => {
    const found = known.get(python) ?? partsOfPython(python).then((parts) => withoutHome(parts, home));
    known.set(python, found);
    found.catch(() => known.delete(python));
    return found;
  };
}
