import type { Call } from '../call.ts';
import { sendHtml } from '../wire/reply.ts';
import { escapeHtml } from './html.ts';

/** `/`: links to the other pages, and the names of all projects. */
export async function homePage({ parts, reach, req, res, prefix }: Call): Promise<void> {
  const all = await parts.scrapyd.view.projects(reach);
  const names = all.filter(({ deployed }) => deployed).map(({ name }) => escapeHtml(name));
  sendHtml(req, res, 200, home(escapeHtml(prefix), names.sort()));
}

function home(prefix: string, names: readonly string[]): string {
  const projects =
    names.length === 0
      ? '<p>No Scrapy projects yet.</p>'
      : `<p>Scrapy projects:</p>\n    <ul>\n${names.map((name) => `        <li>${name}</li>`).join('\n')}\n    </ul>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Scrapyd</title>
    <style>
        body { font-family: system-ui, sans-serif; }
    </style>
</head>
<body>
    <h1>Scrapyd</h1>

    <ul>
        <li><a href="${prefix}/jobs">Jobs</a></li>
        <li><a href="${prefix}/items/">Items</a></li>
        <li><a href="${prefix}/logs/">Logs</a></li>
    </ul>

    ${projects}

    <p>Spiderhub serves Scrapyd's API here. Its clients deploy projects and schedule crawls.</p>
</body>
</html>
`;
}
