import type { IsolationLevel, MissingPart } from '../level.ts';
import type { Guard, GuardOptions } from './guard.ts';
import type { NetworkMode, NetworkSetting } from './networks.ts';
import { guardByProxy } from './proxy/guard.ts';
import { guardByRules } from './rules/guard.ts';

export interface NetworkGuardOptions extends GuardOptions {
  setting: NetworkSetting;
  level: IsolationLevel;
  /** Folder of this process. */
  folder: string;
}

/**
 * Guards the network in the way that was asked for, or in the best one that is seen to work. Throws when what was asked
 * for does not work.
 */
export async function guardNetwork(options: NetworkGuardOptions): Promise<Guard> {
  await options.policy.look();
  const { setting } = options;
  if (setting !== 'auto') return GUARDS[setting](options);
  const failed: MissingPart[] = [];
  for (const mode of modesFor(options)) {
    try {
      const guard = await GUARDS[mode](options);
      return { ...guard, missing: [...failed, ...guard.missing] };
    } catch (error) {
      failed.push(lacking(mode, error));
    }
  }
  const open = await GUARDS.open(options);
  return { ...open, missing: [...failed, ...open.missing] };
}

const GUARDS: Record<NetworkMode, (options: NetworkGuardOptions) => Promise<Guard>> = {
  rules: guardByRules,
  proxy: guardByProxy,
  open: async () => ({
    mode: 'open',
    missing: [UNGUARDED],
    ofCrawl: async () => ({ network: { kind: 'host' } }),
    close: async () => {},
  }),
};

const UNGUARDED: MissingPart = {
  part: 'network',
  words:
    'Crawls reach all that this machine reaches: also loopback, private networks and what listens there.',
};

/** What may work at a level, the best first. Without namespaces only rules about users part anything. */
function modesFor({ level, uidOf }: NetworkGuardOptions): NetworkMode[] {
  if (level === 'none') return [];
  const rules: NetworkMode[] = uidOf ? ['rules'] : [];
  return level === 'box' ? [...rules, 'proxy'] : rules;
}

const MEND: Partial<Record<NetworkMode, string>> = { rules: 'apt-get install nftables' };

function lacking(mode: NetworkMode, error: unknown): MissingPart {
  const why = error instanceof Error ? error.message : String(error);
  const mend = MEND[mode];
  return {
    part: 'network',
    words: `The network is not guarded by "${mode}": ${why}.`,
    ...(mend && { mend }),
  };
}
