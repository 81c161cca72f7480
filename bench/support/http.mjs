// HTTP for measurements: single calls, a form loop over keep-alive sockets, long answers, latencies beside other work.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { median } from './figures.mjs';

/** How long `times` goes on at most, ms. */
const BUDGET_MS = 4000;

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
        incoming.on('error', fail);
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

/** A caller with a connection of its own. */
export function createCaller(base, authorization) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** The answer's text and the milliseconds it took. Throws for anything but 200. */
  async function wanted(path, form) {
    const { status, ms, text } = await call({ url: base, authorization }, path, { form, agent });
    if (status !== 200) throw new Error(`${path}: ${status} ${text().slice(0, 300)}`);
    return { ms, text: text() };
  }

  return {
    call: wanted,
    /** Times of `rounds` calls after two to warm up; fewer when they take long. */
    async times(path, rounds, form) {
      await wanted(path, form);
      await wanted(path, form);
      const found = [];
      const until = performance.now() + BUDGET_MS;
      while (found.length < rounds && (found.length < 3 || performance.now() < until))
        found.push((await wanted(path, form)).ms);
      return found;
    },
    close: () => agent.destroy(),
  };
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

/** Reads a long answer and throws it away: time to the first byte, time in all, lines. */
export function download(base, authorization, path) {
  return new Promise((done, fail) => {
    const from = performance.now();
    let firstMs = 0;
    let lines = 0;
    request(`${base}${path}`, { headers: { Authorization: authorization }, agent: false }, (incoming) => {
      incoming.on('error', fail);
      incoming.on('data', (chunk) => {
        if (firstMs === 0) firstMs = performance.now() - from;
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
      });
      incoming.on('end', () => done({ firstMs, ms: performance.now() - from, lines }));
    })
      .on('error', fail)
      .end();
  });
}
