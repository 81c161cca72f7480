import type { MissingPart } from '../../level.ts';
import type { Guard, GuardOptions } from '../guard.ts';
import { createNft, type Nft } from './nft.ts';
import { LANDLOCK_WITH_SCOPES, proveRules } from './prove.ts';
import { createRules, type Rules } from './rules.ts';

/** Other programs may load the machine's rules anew and take ours away with theirs: so often we look, ms. */
const LOOK_MS = 5000;

/**
 * Guards crawls by rules of nftables about who sends a packet: all have a group of their own, and each project a user. Throws where that is not possible, or where a packet gets through
 * that the rules refuse.
 */
export async function guardByRules(options: GuardOptions): Promise<Guard> {
  const { uidOf, home, policy, log } = options;
  if (!uidOf) throw new Error('it needs root, and a user of its own for each project');
  const nft: Nft = createNft();
  const rules = await createRules({ nft, home, uidOf, policy: policy.now() });
  try {
    const { landlock } = await proveRules({ ...options, uid: uidOf(0), gid: rules.gid });
    const timer = keep(rules, options);
    return {
      mode: 'rules',
      missing: landlock >= LANDLOCK_WITH_SCOPES ? [] : [ABSTRACT_SOCKETS],
      ofCrawl: async () => ({ network: { kind: 'host', scoped: true }, gid: rules.gid }),
      async close(crawlsGoOn) {
        clearInterval(timer);
        if (!crawlsGoOn) await rules.remove();
      },
    };
  } catch (error) {
    await rules.remove().catch((trouble: unknown) => log('rules were left behind', { trouble }));
    throw error;
  }
}

const ABSTRACT_SOCKETS: MissingPart = {
  part: 'network',
  words:
    'Crawls reach abstract unix sockets of other programs on this machine: the kernel cannot part them (Landlock 6).',
  mend: 'Linux 6.12 or newer, or NETWORK=proxy',
};

/** Keeps them in force, whatever happens to the policy and to the machine's own rules. */
function keep(rules: Rules, { policy, log }: GuardOptions): NodeJS.Timeout {
  policy.onChange((next) => {
    rules.change(next).catch((error: unknown) => log('the rules of the network were not changed', { error }));
  });
  return setInterval(() => {
    rules.restore().then(
      (restored) => restored && log('somebody took the rules of the network away; they are there again'),
      (error: unknown) => log('the rules of the network could not be looked at', { error }),
    );
  }, LOOK_MS).unref();
}
