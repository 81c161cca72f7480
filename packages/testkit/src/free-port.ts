import { createServer } from 'node:net';

/** Below the ports that systems give to who asks for any: nobody gets one of these by chance before it is used. */
const FIRST = 20_000;
/** So many for each of the processes that run tests at the same time. */
const EACH = 3000;
const PROCESSES = 4;

let next = Math.floor(Math.random() * EACH);

/** A port of this machine on which nobody listens, each time another one. */
export async function freePort(): Promise<number> {
  const first = FIRST + (Number(process.env.JEST_WORKER_ID ?? 1) % PROCESSES) * EACH;
  for (;;) {
    const port = first + next;
    next = (next + 1) % EACH;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: '0.0.0.0', port }, () => server.close(() => resolve(true)));
  });
}
