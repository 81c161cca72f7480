import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between one process and one server, and breaks their connections in all the ways that networks do. */
export interface TcpProxy {
  port: number;
  /** Connections end at once; new ones work. */
  cut(): void;
  /** Nothing gets through any more and nobody is told: connections stay, new ones are taken and left silent. */
  freeze(): void;
  /** After `freeze`: what was held back goes on. */
  thaw(): void;
  /** New connections are refused, as when no process listens: the server itself is gone. */
  refuse(): void;
  accept(): Promise<void>;
  close(): void;
}

interface Pair {
  client: Socket;
  upstream: Socket;
  closed: Set<Socket>;
}

export async function createTcpProxy(socketPath: string, host = '127.0.0.1'): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let frozen = false;
  let server: Server | null = null;

  function take(client: Socket): void {
    const upstream = connect({ path: socketPath, allowHalfOpen: true });
    const pair: Pair = { client, upstream, closed: new Set() };
    pairs.add(pair);
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('end', () => frozen || socket.destroy());
      socket.on('close', () => {
        pair.closed.add(socket);
        if (!frozen) end(pair);
      });
    }
    if (frozen) hold(pair);
    else relay(pair);
  }

  function end(pair: Pair): void {
    pair.client.destroy();
    pair.upstream.destroy();
    pairs.delete(pair);
  }

  async function listen(port: number): Promise<number> {
    const listening = createServer({ allowHalfOpen: true }, take);
    server = listening;
    await new Promise<void>((resolve, reject) => {
      listening.on('error', reject);
      listening.listen({ host, port }, resolve);
    });
    return (listening.address() as { port: number }).port;
  }

  /** Connections under way are not touched. */
  function refuse(): void {
    server?.close();
    server = null;
  }

  const port = await listen(0);
  return {
    port,
    cut: () => pairs.forEach(end),
    freeze() {
      frozen = true;
      pairs.forEach(hold);
    },
    thaw() {
      frozen = false;
      for (const pair of pairs) {
        if (pair.closed.size > 0) end(pair);
        else relay(pair);
      }
    },
    refuse,
    async accept() {
      if (!server) await listen(port);
    },
    close() {
      frozen = false;
      pairs.forEach(end);
      refuse();
    },
  };
}

function relay({ client, upstream }: Pair): void {
  client.pipe(upstream, { end: false });
  upstream.pipe(client, { end: false });
}

function hold({ client, upstream }: Pair): void {
  client.unpipe(upstream);
  upstream.unpipe(client);
  client.pause();
  upstream.pause();
}
