// How late a line of a spider's log comes to somebody who follows it.
//
//   node bench/tail.mjs [--lines 300] [--pause 0.1]
//
// A spider logs at a steady pace; a reader follows the live stream of its log. Prints the time from the spider's call to the
// reader, ms, and whether any line was missed.
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from './support/figures.mjs';
import { besideServers, CHECKOUT, startService } from './support/service.mjs';

const { values } = parseArgs({
  options: { lines: { type: 'string', default: '300' }, pause: { type: 'string', default: '0.1' } },
});
const TARGET_MS = 1200;

await besideServers(async () => {
  const service = await startService();
  try {
    await service.deploy(join(CHECKOUT, 'bench/project'));
    const form = new URLSearchParams({ project: service.project, spider: 'telling', ...values });
    const { jobid } = await service.json('/api/schedule.json', form);
    const lates = [];
    await follow(service, `/console/jobs/${jobid}/log/stream`, ({ time, message }) => {
      if (message.includes('told ')) lates.push(Date.now() - time);
    });
    const [p50, p95] = [percentile(lates, 0.5), percentile(lates, 0.95)];
    console.log(`late by, ms: p50 ${p50}, p95 ${p95}, most ${Math.max(...lates)}; target: p95 ${TARGET_MS}`);
    console.log(`missed: ${Number(values.lines) - lates.length} of ${values.lines} lines`);
  } finally {
    await service.stop();
  }
});

/** Resolves when the stream has said that the job is over. */
async function follow({ url, headers }, path, onLine) {
  for (;;) {
    const status = await new Promise((resolve, reject) => {
      const request = get(`${url}${path}`, { headers, agent: false }, (answer) => {
        if (answer.statusCode !== 200) return resolve(answer.statusCode);
        let rest = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece) => {
          const blocks = (rest + piece).split('\n\n');
          rest = blocks.pop();
          for (const block of blocks) {
            const data = /^data: (.*)$/m.exec(block)?.[1];
            if (data && !/^event: /m.test(block)) onLine(JSON.parse(data));
          }
        });
        answer.on('end', () => resolve(200));
        answer.on('error', reject);
      });
      request.on('error', reject);
    });
    if (status === 200) return;
    await sleep(50);
  }
}
