import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A Sentinel of one master that tells what, and when, a test wants it to. */
export interface FakeSentinel {
  port: number;
  /** Port of the server that it names. */
  master: number;
  /** While true, who asks for the master waits. */
  isHolding: boolean;
  /** Who asked for the master and waits. */
  readonly waiting: number;
  /** Connections that listen for news. */
  readonly listeners: number;
  /** Answers everybody who waits. */
  release(): void;
  /** Tells those who listen that there is another master. */
  tell(): void;
  close(): Promise<void>;
}

const text = (...parts: string[]): string =>
  `*${parts.length}\r\n${parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('')}`;

export async function startFakeSentinel(master: number): Promise<FakeSentinel> {
  const all = new Set<Socket>();
  const listeners = new Set<Socket>();
  const waiting: Socket[] = [];
  const named = () => text('127.0.0.1', String(fake.master));

  function answer(socket: Socket, [command = '', what = '']: string[]): string {
    if (command === 'hello') return "-ERR unknown command 'HELLO'\r\n";
    if (command === 'subscribe') {
      listeners.add(socket);
      return `*3\r\n$9\r\nsubscribe\r\n$${what.length}\r\n${what}\r\n:1\r\n`;
    }
    if (command !== 'sentinel') return '+OK\r\n';
    if (what !== 'get-master-addr-by-name') return '*0\r\n';
    if (!fake.isHolding) return named();
    waiting.push(socket);
    return '';
  }

  const server = createServer((socket) => {
    let unread = '';
    all.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      all.delete(socket);
      listeners.delete(socket);
    });
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      unread += chunk;
      for (;;) {
        const [words, length] = firstCommand(unread);
        if (!words) return;
        unread = unread.slice(length);
        socket.write(answer(socket, words));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const fake: FakeSentinel = {
    port: (server.address() as AddressInfo).port,
    master,
    isHolding: false,
    get waiting() {
      return waiting.length;
    },
    get listeners() {
      return listeners.size;
    },
    release() {
      fake.isHolding = false;
      for (const socket of waiting.splice(0)) socket.write(named());
    },
    tell() {
      for (const socket of listeners) socket.write(text('message', '+switch-master', 'main'));
    },
    async close() {
      for (const socket of all) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}

/** The first command of what a client sent, in lower case, and its length; none while it is not whole. */
function firstCommand(sent: string): [string[] | null, number] {
  const lines = sent.split('\r\n');
  const count = Number(lines[0]?.slice(1));
  // Each word stands after a line with its length, and what is after the last end of a line is not whole.
  const used = lines.slice(0, 1 + 2 * count);
  if (sent === '' || lines.length < used.length + 1 || used.length < 1 + 2 * count) return [null, 0];
  const words = used.filter((_, i) => i > 0 && i % 2 === 0).map((word) => word.toLowerCase());
  return [words, used.join('\r\n').length + 2];
}
