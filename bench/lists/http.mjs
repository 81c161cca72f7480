// Calls on one kept connection, and what they took.
import { Agent, request } from 'node:http';

const BUDGET_MS = 4000;

/** A caller with a connection of its own. */
export function createCaller(base, authorization) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** Resolves with the whole answer and the milliseconds it took. Throws for anything but 200. */
  function call(path, form) {
    const method = form === undefined ? 'GET' : 'POST';
    const headers = { Authorization: authorization };
    if (form !== undefined) headers['Content-Type'] = 'application/x-www-form-urlencoded';
    return new Promise((done, fail) => {
      const from = performance.now();
      const outgoing = request(`${base}${path}`, { method, headers, agent }, (incoming) => {
        const chunks = [];
        incoming.on('error', fail);
        incoming.on('data', (chunk) => chunks.push(chunk));
        incoming.on('end', () => {
          const ms = performance.now() - from;
          const text = Buffer.concat(chunks).toString();
          if (incoming.statusCode === 200) done({ ms, text });
          else fail(new Error(`${path}: ${incoming.statusCode} ${text.slice(0, 300)}`));
        });
      });
      outgoing.on('error', fail);
      outgoing.end(form);
    });
  }

  return {
    call,
    /** Times of `rounds` calls after two to warm up; fewer when they take long. */
    async times(path, rounds, form) {
      await call(path, form);
      await call(path, form);
      const found = [];
      const until = performance.now() + BUDGET_MS;
      while (found.length < rounds && (found.length < 3 || performance.now() < until))
        found.push((await call(path, form)).ms);
      return found;
    },
    close: () => agent.destroy(),
  };
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

export function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
