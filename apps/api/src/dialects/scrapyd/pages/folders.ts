import type { Folder, ScrapydJob } from '@spiderhub/core/scrapyd';
import type { Call } from '../call.ts';
import { jobName } from '../names.ts';
import { localMinute } from '../times.ts';
import { isRead, sendHtml, sendNoFile, sendNoResource, sendUnknownMethod } from '../wire/reply.ts';
import { FOLDERS, type FolderName, refOf, sendFile } from './files.ts';
import { escapeHtml, quotePath } from './html.ts';
import { sendPage } from './page-stream.ts';

/** Files of one folder that are listed: the newest ones. */
const MOST_FILES = 1000;

/** Sends what lies under `/logs/` or `/items/`: folders for projects and spiders, and a file for each job. */
export async function sendFromFolder(call: Call, folder: FolderName, path: readonly string[]): Promise<void> {
  const { parts, reach } = call;
  const [projectName, ...below] = path;
  if (projectName === undefined) return redirectInto(call);
  if (projectName === '' && path.length === 1) {
    return listFolders(call, await parts.scrapyd.view.startedProjects(reach));
  }
  if (path.some((name) => name === '' || name.includes('\0')) && path.slice(0, -1).includes('')) {
    return sendNoFile(call.req, call.res);
  }
  const project = (await parts.scrapyd.view.projects(reach)).find(({ name }) => name === projectName);
  if (!project) return sendNoFile(call.req, call.res);
  const spiders = await parts.scrapyd.view.startedSpiders(project.id);
  if (spiders.length === 0) return sendNoFile(call.req, call.res);
  if (below.length === 0) return redirectInto(call);
  if (below[0] === '' && below.length === 1) return listFolders(call, spiders);
  const found = spiderIn(below, spiders);
  if (!found) return sendNoFile(call.req, call.res);
  const { spider } = found;
  const [file, ...deeper] = found.below;
  if (file === undefined) return redirectInto(call);
  if (file === '' && deeper.length === 0) return listFiles(call, folder, project.id, spider);
  return sendJobFile(call, folder, { project: project.id, spider, file, deeper });
}

/** The spider that a path begins with: a name with slashes has several of its parts. The longest one counts. */
function spiderIn(path: readonly string[], spiders: readonly Folder[]) {
  const names = new Set(spiders.map(({ name }) => name));
  for (let length = path.length; length > 0; length -= 1) {
    const spider = path.slice(0, length).join('/');
    if (names.has(spider)) return { spider, below: path.slice(length) };
  }
  return null;
}

interface FilePath {
  project: number;
  spider: string;
  file: string;
  deeper: readonly string[];
}

async function sendJobFile(call: Call, folder: FolderName, path: FilePath): Promise<void> {
  const { extension } = FOLDERS[folder];
  const { project, spider, file, deeper } = path;
  const job =
    file.endsWith(extension) && !file.includes('\0')
      ? await call.parts.scrapyd.view.findStarted(project, spider, jobName(file.slice(0, -extension.length)))
      : null;
  if (!job || (folder === 'items' && !job.hasItems)) return sendNoFile(call.req, call.res);
  if (deeper.length > 0) return sendNoResource(call.req, call.res);
  return sendFile(call, folder, job);
}

/** A folder's address ends with a slash. */
function redirectInto({ req, res, prefix }: Call): void {
  if (!isRead(req)) {
    sendUnknownMethod(req, res);
    return;
  }
  const start = req.url.indexOf('?');
  const [path, query] = start < 0 ? [req.url, ''] : [req.url.slice(0, start), req.url.slice(start)];
  const target = `${prefix}${path}/${query === '?' ? '' : query}`;
  const link = escapeHtml(target);
  const html = `
<html>
    <head>
        <meta http-equiv="refresh" content="0;URL=${link}">
    </head>
    <body bgcolor="#FFFFFF" text="#000000">
    <a href="${link}">click here</a>
    </body>
</html>
`;
  sendHtml(req, res, 302, html, { Location: target });
}

interface Row {
  name: string;
  size: string;
  changedAt: Date;
  type: string;
}

function listFolders(call: Call, folders: readonly Folder[]): Promise<void> {
  const rows = folders.map(({ name, changedAt }) => ({
    name: `${name}/`,
    size: '',
    changedAt,
    type: '[Directory]',
  }));
  return sendListing(call, rows);
}

async function listFiles(call: Call, folder: FolderName, project: number, spider: string): Promise<void> {
  const range = { projects: [project], spider, offset: 0 };
  const jobs: ScrapydJob[] = [];
  for (const state of ['running', 'finished'] as const) {
    for await (const job of call.parts.scrapyd.view.jobs(state, range, MOST_FILES)) jobs.push(job);
  }
  const rows: Row[] = [];
  for (const job of jobs.slice(0, MOST_FILES)) {
    const { bytes, records } = await call.parts.streams.stats(refOf(job, folder));
    if (folder === 'items' && records === 0 && !job.hasItems) continue;
    rows.push({
      name: `${job.name}${FOLDERS[folder].extension}`,
      size: sizeText(folder === 'logs' ? bytes + records * BYTES_AROUND_MESSAGE : bytes + records),
      changedAt: job.finishedAt ?? new Date(),
      type: '[text/plain]',
    });
  }
  rows.sort((a, b) => (a.name < b.name ? -1 : 1));
  await sendListing(call, rows);
}

/** Time, level and spaces of a line of a log, about. */
const BYTES_AROUND_MESSAGE = 27;

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  if (bytes < 1024 ** 2) return `${Math.floor(bytes / 1024)}K`;
  if (bytes < 1024 ** 3) return `${Math.floor(bytes / 1024 ** 2)}M`;
  return `${Math.floor(bytes / 1024 ** 3)}G`;
}

function sendListing(call: Call, rows: readonly Row[]): Promise<void> {
  const shownPath = decodePath(call.req.url);
  return sendPage(call, listing(`Directory listing for ${escapeHtml(shownPath)}`, rows));
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function* listing(title: string, rows: readonly Row[]): AsyncGenerator<string> {
  yield listingHead(title);
  for (const [i, { name, size, changedAt, type }] of rows.entries()) {
    yield `<tr class="${i % 2 === 0 ? 'odd' : 'even'}">
    <td><a href="${quotePath(name)}">${escapeHtml(name)}</a></td>
    <td>${size}</td>
    <td>${localMinute(changedAt)}</td>
    <td>${type}</td>
    <td></td>
</tr>
`;
  }
  yield '\n    </tbody>\n</table>\n\n</body>\n</html>\n';
}

function listingHead(title: string): string {
  return `<html>
<head>
<title>${title}</title>
<style>
.even-dir { background-color: #efe0ef }
.even { background-color: #eee }
.odd-dir {background-color: #f0d0ef }
.odd { background-color: #dedede }
.icon { text-align: center }
.listing {
    margin-left: auto;
    margin-right: auto;
    width: 50%;
    padding: 0.1em;
    }

body { border: 0; padding: 0; margin: 0; background-color: #efefef; }
h1 {padding: 0.1em; background-color: #777; color: white; border-bottom: thin white dashed;}

</style>
</head>

<body>
<h1>${title}</h1>

<table>
    <thead>
        <tr>
            <th>Filename</th>
            <th>Size</th>
            <th>Last modified</th>
            <th>Content type</th>
            <th>Content encoding</th>
        </tr>
    </thead>
    <tbody>
`;
}
