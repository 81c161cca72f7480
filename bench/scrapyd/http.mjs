// Small HTTP parts: single calls, a form loop over keep-alive sockets, and latencies beside other work.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';

/** One call on a connection of its own or a kept one; `body` is the whole answer as text. */
export function call(
  server,
  path,
  { form, method = form === undefined ? 'GET' : 'POST', agent = false } = {},
) {
  const headers = { Authorization: server.authorization };
  if (form !== undefined) headers['Content-Type'] = server.type ?? 'application/x-www-form-urlencoded';
  return new Promise((done, fail) => {
    const startedAt = performance.now();
    const outgoing = request(
      `${server.url}${path}`,
      { method, headers, agent, insecureHTTPParser: true },
      (incoming) => {
        let bytes = 0;
        const chunks = [];
        incoming.on('data', (chunk) => {
          bytes += chunk.length;
          chunks.push(chunk);
        });
        incoming.on('end', () =>
          done({
            status: incoming.statusCode,
            ms: performance.now() - startedAt,
            bytes,
            text: () => Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.end(form);
  });
}

/** Sends the form with a fresh `n` again and again on each connection, for `ms`; returns calls a second. */
export async function callsPerSecond(server, path, form, connections, ms) {
  const { port } = new URL(server.url);
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: ${server.authorization}\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
  const endAt = performance.now() + ms;
  let answered = 0;

  function run() {
    return new Promise((done, fail) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
      let text = '';
      function send() {
        const body = `${form}&n=${answered}`;
        socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
      }
      socket.on('connect', send).on('error', fail).setEncoding('latin1');
      socket.on('data', (chunk) => {
        text += chunk;
        if (!text.endsWith('}\n')) return;
        if (!text.includes('"status": "ok"')) return fail(new Error(text));
        answered += 1;
        text = '';
        if (performance.now() < endAt) send();
        else socket.end(done);
      });
    });
  }
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, run));
  return answered / ((performance.now() - startedAt) / 1000);
}

/** Median milliseconds of a call, after one to warm up. */
export async function medianMs(server, path, rounds) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await call(server, path, { agent });
  const times = [];
  for (let i = 0; i < rounds; i++) times.push((await call(server, path, { agent })).ms);
  agent.destroy();
  return median(times);
}

/** The longest that a small call took while `path` was asked for again and again. */
export async function longestWaitMs(server, path, small, ms) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await call(server, small, { agent });
  const endAt = performance.now() + ms;
  const loop = (async () => {
    while (performance.now() < endAt) await call(server, path);
  })();
  const times = [];
  while (performance.now() < endAt) {
    times.push((await call(server, small, { agent })).ms);
    await new Promise((wake) => setTimeout(wake, 5));
  }
  await loop;
  agent.destroy();
  return { median: median(times), longest: Math.max(...times) };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
