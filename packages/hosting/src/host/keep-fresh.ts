import { say } from '../say.ts';
import type { Changes } from './changes.ts';
import type { Server, Servers } from './servers.ts';

/**
 * Starts a server again whenever its sources change. One that ends by itself, over an error in them perhaps, shows its last
 * words and waits for the next change.
 */
export async function keepFresh(servers: Servers, first: Server, changes: Changes): Promise<void> {
  let server = first;
  let seen = changes.last;
  while (!servers.closing) {
    const ending = await Promise.race([server.ended, changes.after(seen).then(() => null)]);
    if (servers.closing) break;
    const { name } = server.spec;
    if (ending !== null) {
      say(`${name} ended (${ending}) and starts again when its sources change:\n${server.lastWords()}`);
      await changes.after(seen);
      if (servers.closing) break;
    }
    seen = changes.last;
    say(`${name} starts again, for ${changes.file}`);
    await server.stop();
    if (!servers.closing) server = servers.start(server.spec);
  }
  changes.close();
}
