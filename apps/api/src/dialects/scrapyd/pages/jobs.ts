import { createHash } from 'node:crypto';
import type { ScrapydJob, ScrapydState } from '@spiderhub/core/scrapyd';
import { type Call, projectIds } from '../call.ts';
import { MOST_FINISHED } from '../services/jobs.ts';
import { localSecond, pythonDuration } from '../times.ts';
import { escapeHtml, indented } from './html.ts';
import { sendPage } from './page-stream.ts';

const COLUMNS = ['Project', 'Spider', 'Job', 'PID', 'Start', 'Runtime', 'Finish', 'Log', 'Items', 'Cancel'];
const SECTIONS: Record<ScrapydState, string> = {
  pending: 'Pending',
  running: 'Running',
  finished: 'Finished',
};
const LIMITS: Record<ScrapydState, number> = { pending: 1e6, running: 1e6, finished: MOST_FINISHED };

const CONFIRM = "return confirm('Are you sure?');";
/** The only script that runs in this page. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; " +
  `script-src 'unsafe-hashes' 'sha256-${createHash('sha256').update(CONFIRM).digest('base64')}'`;

/** `/jobs`: all jobs in a table. ScrapydWeb reads this page by regular expressions, so its shape is part of the protocol. */
export async function jobsPage(call: Call): Promise<void> {
  const ids = await projectIds(call, null);
  await sendPage(call, page(call, ids), { 'Content-Security-Policy': POLICY });
}

async function* page({ parts, prefix }: Call, projects: number[]): AsyncGenerator<string> {
  const now = Date.now();
  const base = escapeHtml(prefix);
  yield HEAD;
  for (const state of Object.keys(SECTIONS) as ScrapydState[]) {
    yield sectionHead(SECTIONS[state]);
    for await (const job of parts.scrapyd.view.jobs(state, { projects, offset: 0 }, LIMITS[state])) {
      yield row(cells(job, state, base, now));
    }
    yield '        </tbody>\n';
  }
  yield '    </table>\n</body>\n</html>\n';
}

const HEAD = `<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Scrapyd</title>
    <style>
        body { font-family: system-ui, sans-serif; }
        table { border-collapse: collapse; }
        th, td { border-style: solid; border-width: 1px; }
        tbody > tr:first-child { background-color: #eee; }
        th, td { padding: .5rem; }
        td:nth-child(2), td:nth-child(3) { word-break: break-all; }
    </style>
</head>
<body>
    <h1>Jobs</h1>
    <p><a href="./">Go up</a></p>
    <table id="jobs">
        <thead>
            <tr>
${COLUMNS.map((name) => `                <th>${name}</th>`).join('\n')}
            </tr>
        </thead>
`;

function sectionHead(title: string): string {
  return `        <tbody>
            <tr>
                <th colspan="${COLUMNS.length}">${title}</th>
            </tr>
`;
}

/** One cell for each column, empty or not: whoever parses the page counts them. */
function row(cellTexts: readonly string[]): string {
  const tds = cellTexts.map((text) => `                <td>${indented(text, 16)}</td>\n`).join('');
  return `            <tr>\n${tds}            </tr>\n`;
}

function cells(job: ScrapydJob, state: ScrapydState, base: string, now: number): string[] {
  const { startedAt, finishedAt } = job;
  // A job that waits for another attempt has an earlier one's times; here it only waits.
  const started = state === 'pending' ? null : startedAt;
  const ended = state === 'finished' ? finishedAt : null;
  const file = escapeHtml(`${job.project}/${job.spider}/${job.name}`);
  const runtime = started && pythonDuration((ended?.getTime() ?? now) - started.getTime());
  return [
    escapeHtml(job.project),
    escapeHtml(job.spider),
    escapeHtml(job.name),
    state === 'running' ? String(job.pid) : '',
    started ? localSecond(started) : '',
    runtime ?? '',
    ended ? localSecond(ended) : '',
    started ? `<a href="${base}/logs/${file}.log">Log</a>` : '',
    started && job.hasItems ? `<a href="${base}/items/${file}.jl">Items</a>` : '',
    state === 'finished' ? '' : cancelForm(job, base),
  ];
}

/** Has line ends inside: by these ScrapydWeb tells it from the cell of the items. */
function cancelForm(job: ScrapydJob, base: string): string {
  return `
<form method="post" onsubmit="${CONFIRM}" action="${base}/cancel.json">
<input type="hidden" name="project" value="${escapeHtml(job.project)}">
<input type="hidden" name="job" value="${escapeHtml(job.name)}">
<input type="submit" style="float: left;" value="Cancel">
</form>
`;
}
