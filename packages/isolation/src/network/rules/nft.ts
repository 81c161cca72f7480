import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Runs `nft` of this machine. */
export interface Nft {
  /** Does all of what the text says, or nothing of it. Throws with nft's own first words. */
  run(script: string): Promise<void>;
  /** Names of tables of the family `inet`. */
  tables(): Promise<string[]>;
}

/** Where it is when the search path of a service has no place for programs of administrators. */
const SEARCH_PATH = '/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin';

export function createNft(program = 'nft'): Nft {
  async function call(args: string[], input = ''): Promise<string> {
    const child = spawn(program, args, { env: { PATH: SEARCH_PATH, LC_ALL: 'C' } });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [code, out, trouble] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    if (code !== 0) throw new Error(`nft: ${trouble.trim().split('\n')[0] || `exit status ${code}`}`);
    return out;
  }

  return {
    run: async (script) => void (await call(['-f', '-'], script)),
    async tables() {
      const { nftables } = JSON.parse(await call(['-j', 'list', 'tables'])) as { nftables: Listed[] };
      return nftables.flatMap(({ table }) => (table?.family === 'inet' ? [table.name] : []));
    },
  };
}

interface Listed {
  table?: { family: string; name: string };
}
