import type { Answer } from './exchange.ts';

/** A difference that is meant: what it is, why, which requests show it, and what our answer is without it. */
export interface Difference {
  id: string;
  /** One sentence, word for word in the documentation. */
  reason: string;
  requests: string[];
  adjust(ours: Answer, theirs: Answer): Answer;
}

/** Our answer has exactly this text, whatever theirs is. */
function expecting(...messages: string[]): Difference['adjust'] {
  return (ours, theirs) => (messages.some((text) => ours.body.includes(text)) ? theirs : ours);
}

/** Bodies are the same once both went through `essence`. */
function inEssence(essence: (body: string) => string): Difference['adjust'] {
  return (ours, theirs) =>
    essence(ours.body) === essence(theirs.body) ? { ...ours, body: theirs.body } : ours;
}

/** Our fields behind Scrapyd's own. */
const MORE_OF_PENDING = /, "priority": [^{}]*?, "key": "[^"]*"/g;
const MORE_OF_STARTED =
  /("items_url": (?:null|"[^"]*")), "version": .*?"key": "[^"]*"(?:, "finish_reason": [^,]*, "exit_status": \w+)?/g;

function withoutMore(body: string): string {
  return body.replace(MORE_OF_STARTED, '$1').replace(MORE_OF_PENDING, '');
}

function projectsSorted(body: string): string {
  const names = [...body.matchAll(/"((?:[^"\\]|\\.)*)"(?=[,\]])/g)].map((match) => match[1] as string);
  return names.sort().join();
}

/** What a page offers: its links but those to Scrapyd's documentation, and its list. */
function offered(body: string): string {
  const lines = body.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => /^<li>|^<p>(No )?Scrapy projects/.test(line) && !line.includes('https:'))
    .join('\n');
}

function spaced(body: string): string {
  return body.replace(/\s+/g, ' ').replace(/> </g, '><');
}

/** Fields in their own order, without the type that Scrapy Cloud's extension adds. */
function items(body: string): string {
  const lines = body.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.stringify({ ...JSON.parse(line), _type: undefined })).join();
}

/** Where a crawl's own story begins and ends, and what the spider said. */
function story(body: string): string {
  return body
    .split('\n')
    .filter((line) => /INFO: (Spider opened|Closing spider|Spider closed|setting)|arguments: /.test(line))
    .join('\n');
}

const ITEM_REQUESTS = ['0-9', '5-', '-5', '0-0', '99999999-', '1-0', '-0', 'x', '3'].map(
  (range) => `range ${range}`,
);

/** The same bytes of a file that is 24 bytes longer. */
const sameRange: Difference['adjust'] = (ours, theirs) => {
  const grown = (text: string | undefined) =>
    text?.replace(/\d+/g, (number) => (Number(number) >= 50 ? String(Number(number) + 24) : number));
  const same =
    ours.status === theirs.status && ours.headers['content-range'] === grown(theirs.headers['content-range']);
  return same ? theirs : ours;
};

export const DIFFERENCES: Difference[] = [
  {
    id: 'more-fields',
    reason:
      'Jobs in `listjobs.json` have more fields behind those of Scrapyd, because running and finished jobs keep their arguments, settings and outcome.',
    requests: [
      'pending jobs in order',
      'jobs of all projects',
      'pending jobs after cancels',
      'jobs of every kind',
      'jobs of every kind of a project',
      'jobs of a deleted project',
    ],
    adjust: (ours) => ({ ...ours, body: withoutMore(ours.body) }),
  },
  {
    id: 'version-by-its-name',
    reason: 'A version that is named by its file name is shown by the name under which it was deployed.',
    requests: ['pending jobs in order', 'jobs of all projects', 'pending jobs after cancels'],
    adjust: (ours) => ({
      ...ours,
      body: ours.body.replace(/("id": "with-file-version".*?"version": )"1\.0"/, '$1"1_0"'),
    }),
  },
  {
    id: 'empty-version',
    reason: 'An empty `_version` is none, because Scrapyd starts a job that fails.',
    requests: ['pending jobs in order', 'jobs of all projects', 'pending jobs after cancels'],
    adjust: (ours) => ({
      ...ours,
      body: ours.body.replace(/("id": "no-version".*?"version": )null/, '$1""'),
    }),
  },
  {
    id: 'job-names',
    reason:
      'A job id that is empty, is no plain file name or was used before in the project is refused, because Scrapyd loses such a job, or its log.',
    requests: [
      'POST schedule project=p&spider=quick&jobid=../x',
      'POST schedule project=p&spider=quick&jobid=a/b',
      'POST schedule project=p&spider=quick&jobid=',
      'schedule a job id again',
    ],
    adjust: expecting('"status": "error", "message": "jobid is invalid: '),
  },
  {
    id: 'names-of-projects',
    reason:
      'A project or version without a name is refused, because Scrapyd takes an empty project for the folder of all projects.',
    requests: [
      'deploy into no project',
      'deploy into the folder of all projects',
      'deploy without a name for the version',
      'delete a version of no project',
      'projects after a version of no project was deleted',
      'spiders after a version of no project was deleted',
    ],
    adjust: expecting(
      "is invalid: '' is no name",
      "is invalid: '.' is no name",
      "version '1' not found",
      '"projects": [',
      '"spiders": [',
    ),
  },
  {
    id: 'paths-as-names',
    reason: 'A name with a slash names no project, because `p/` and `./p` are the folder of `p` to Scrapyd.',
    requests: ['GET /listversions.json?project=p/', 'GET /listversions.json?project=./p'],
    adjust: expecting('DirectoryTraversalError: p/', 'DirectoryTraversalError: ./p'),
  },
  {
    id: 'long-names',
    reason: 'A name that is too long for a file is not found; Scrapyd says what its file system does.',
    requests: ['delete a project with a long name'],
    adjust: expecting("xxx' not found"),
  },
  {
    id: 'failed-deployment',
    reason: 'A deployment that fails changes nothing: no project is made and the last good version stays.',
    requests: ['versions after a failed deployment', 'delete what a failed deployment left'],
    adjust: expecting('"versions": []', "project 'broken' not found"),
  },
  {
    id: 'runner-error',
    reason: 'The text behind `RunnerError:` is what our own inspection of the egg says.',
    requests: [
      'deploy an egg that cannot be imported',
      'deploy an egg without entry point',
      'deploy an egg without metadata',
    ],
    adjust: expecting('"status": "error", "message": "RunnerError: egg: '),
  },
  {
    id: 'order-of-projects',
    reason: 'Projects are listed in the order in which they were made; Scrapyd lists them in any order.',
    requests: ['projects after deployments'],
    adjust: inEssence(projectsSorted),
  },
  {
    id: 'latest-version',
    reason:
      'The latest version is the highest by PEP 440 of the names as they were deployed, or the last deployed one where a name is no such number.',
    requests: ['versions with dots', 'spiders of the latest version with dots', 'versions that are words'],
    adjust: expecting('"versions": ["1_9", "1_10"]', '"spiders": ["quick"]', '"versions": ["r9", "r10"]'),
  },
  {
    id: 'different-names-different-versions',
    reason:
      'Two different names are two versions; where their file names would be the same, `listversions.json` shows the names.',
    requests: ['versions whose file names are the same'],
    adjust: expecting('"versions": ["1.0", "1_0"]'),
  },
  {
    id: 'deleted-project',
    reason:
      'Deleting a project cancels what is pending in it, and its running jobs can be cancelled; Scrapyd hides the former until the project is back, and refuses the latter.',
    requests: ['cancel a job of a deleted project'],
    adjust: expecting('"prevstate": "running"'),
  },
  {
    id: 'empty-folders',
    reason: 'The folders of logs and items are there before the first job was started.',
    requests: ['GET /logs/', 'GET /items/', 'GET /logs', 'GET /items'],
    adjust: expecting('Directory listing for /', 'click here'),
  },
  {
    id: 'page-texts',
    reason: 'The first page has our own sentences instead of links to the documentation of Scrapyd.',
    requests: ['GET /', 'the first page after deployments', 'the first page behind a proxy'],
    adjust: inEssence(offered),
  },
  {
    id: 'white-space',
    reason: 'The page of jobs is made as it is sent, so it has other blanks between its rows.',
    requests: ['GET /jobs', 'the page of jobs of every kind', 'the page of jobs behind a proxy'],
    adjust: (ours, theirs) => {
      const numbers = (body: string) => spaced(body).replace(/<td>\d{3,}<\/td>/g, '<td>pid</td>');
      return numbers(ours.body) === numbers(theirs.body) ? { ...ours, body: theirs.body } : ours;
    },
  },
  {
    id: 'items-as-stored',
    reason:
      'Items are given out as they were stored: without blanks, and with the `_type` that Scrapy Cloud adds.',
    requests: ['items of a job', 'range 1-0', 'range x', 'range 3', 'a range of something else'],
    adjust: inEssence(items),
  },
  {
    id: 'length-of-items',
    reason: 'Items are given out as they were stored, so their files have another length.',
    requests: ITEM_REQUESTS.filter((name) => !['range 1-0', 'range x', 'range 3'].includes(name)),
    adjust: sameRange,
  },
  {
    id: 'charset-of-files',
    reason:
      'Logs and items say that they are UTF-8, because browsers take a text that says nothing for another encoding.',
    requests: [
      'log of a job',
      'head of a log',
      'items of a job',
      'head of items',
      'items of a job without items',
      'head of no items',
      'range 1-0',
      'range x',
      'range 3',
      'a range of something else',
      'head with a range',
    ],
    adjust(ours, theirs) {
      const type = ours.headers['content-type'];
      if (type !== `${theirs.headers['content-type']}; charset=utf-8`) return ours;
      return { ...ours, headers: { ...ours.headers, 'content-type': 'text/plain' } };
    },
  },
  {
    id: 'lines-of-logs',
    reason:
      "A log has the crawl's own lines of level INFO and above, with those of our runner and without those about files of Scrapyd.",
    requests: ['log of a job'],
    adjust: inEssence(story),
  },
  {
    id: 'double-slash',
    reason:
      'A second slash before the name of a service does not matter, because scrapyd-client writes one when the address ends with a slash.',
    requests: ['GET //daemonstatus.json'],
    adjust: expecting('"status": "ok"'),
  },
  {
    id: 'dots-in-paths',
    reason: 'A path below `/logs/` and `/items/` with an empty part or a dot is that of no file.',
    requests: ['a folder with a dot', 'a folder with two slashes'],
    adjust: expecting('<p>File not found.</p>'),
  },
  {
    id: 'redirect-behind-a-proxy',
    reason:
      "The redirect into a folder has the proxy's prefix like all links, because it leads elsewhere without.",
    requests: ['a folder behind a proxy'],
    adjust: (ours, theirs) => (ours.headers.location === '/crawl/logs/p/' ? theirs : ours),
  },
  {
    id: 'no-failures',
    reason:
      'Where Scrapyd fails with status 500, a name with a zero byte is not found and more last bytes than a file has are all.',
    requests: ['a folder with a zero byte', 'range -1000000'],
    adjust: (ours, theirs) => (theirs.status === 500 && [404, 206].includes(ours.status) ? theirs : ours),
  },
  {
    id: 'unknown-methods',
    reason: 'A method that Node does not know, or one in small letters, is answered with status 400.',
    requests: ['a method of no standard'],
    adjust: expecting('this is no valid HTTP request'),
  },
  {
    id: 'unreadable-forms',
    reason:
      'A multipart form without parts is an empty form, and one that cannot be read is answered with 400 and a reason; Scrapyd sends 400 alone.',
    requests: ['a form of no parts', 'a form without delimiters'],
    adjust: (ours, theirs) =>
      theirs.status === 400 && /parameter is required|not a valid multipart form/.test(ours.body)
        ? theirs
        : ours,
  },
  {
    id: 'encoded-parts',
    reason:
      'A part of a form counts as it came, because the standard knows no other; Scrapyd undoes base64 and quoted-printable.',
    requests: ['a form with a part in base64'],
    adjust: expecting("project 'bm9wZQ==' not found"),
  },
  {
    id: 'one-range',
    reason: 'A request for several ranges at once is answered with the whole file, as HTTP allows.',
    requests: ['two ranges'],
    adjust: (ours, theirs) => (ours.status === 200 && items(ours.body) !== '' ? theirs : ours),
  },
];
