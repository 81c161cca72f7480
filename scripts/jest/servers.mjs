// Servers for processes that run tests: each gets a Postgres, a Redis and a home of its own.
// `spiderhub services -- node scripts/jest/servers.mjs` says where they are and keeps them until its standard input ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const NAMES = ['DATABASE_URL', 'REDIS_URL', 'SPIDERHUB_PYTHON', 'SPIDERHUB_HOME', 'SPIDERHUB_TEST_HOME'];
const SELF = fileURLToPath(import.meta.url);

/** What of an environment differs from servers to servers. */
export function serversOf(env) {
  return Object.fromEntries(NAMES.map((name) => [name, env[name]]));
}

/** Starts them with the built `spiderhub`; resolves to the environment for what uses them, null when they did not start. */
export async function startServers(spiderhub) {
  const child = spawn(process.execPath, [spiderhub, 'services', '--', process.execPath, SELF], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let said = '';
  for await (const data of child.stdout) {
    said += data;
    if (!said.endsWith('\n')) continue;
    return {
      env: JSON.parse(said),
      async stop() {
        child.stdin.end();
        await ended;
      },
    };
  }
  return null;
}

if (process.argv[1] === SELF) {
  process.stdout.write(`${JSON.stringify(process.env)}\n`);
  await text(process.stdin);
}
