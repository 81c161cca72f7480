import { connect, createServer, type IpcNetConnectOpts, type Socket, type TcpNetConnectOpts } from 'node:net';

export interface PostgresProxy {
  /** As `DATABASE_URL`, but through the proxy. */
  url: string;
  /** Cuts all connections and refuses new ones. */
  cut(): void;
  mend(): void;
  /** From now on another server is behind it, as after a change of primaries. */
  moveTo(databaseUrl: string): void;
  close(): Promise<void>;
}

/** Stands between a process and its database, so that a test can take the database away from that process alone. */
export async function startPostgresProxy(databaseUrl: string): Promise<PostgresProxy> {
  const url = new URL(databaseUrl);
  let target = targetOf(url);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((incoming) => {
    const outgoing = connect(target);
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    if (isCut) incoming.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const user = url.searchParams.get('user') ?? url.username;
  const login = `${user}${url.password ? `:${url.password}` : ''}`;
  function cut(): void {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  }
  return {
    url: `postgresql://${login}@127.0.0.1:${port}${url.pathname}`,
    cut,
    mend: () => {
      isCut = false;
    },
    moveTo: (other) => {
      target = targetOf(new URL(other));
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A host, or a socket directory as Postgres's URLs name it. */
function targetOf(url: URL): TcpNetConnectOpts | IpcNetConnectOpts {
  const port = Number(url.port || url.searchParams.get('port') || 5432);
  const directory = url.searchParams.get('host');
  return directory?.startsWith('/')
    ? { path: `${directory}/.s.PGSQL.${port}` }
    : { host: url.hostname, port };
}
