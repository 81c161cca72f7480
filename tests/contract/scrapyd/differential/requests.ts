import type { Ask } from './exchange.ts';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

export interface Eggs {
  shop: Buffer;
  small: Buffer;
  brokenImport: Buffer;
  noEntryPoint: Buffer;
  noEggInfo: Buffer;
}

function get(path: string, name = `GET ${path}`): Ask {
  return { name, method: 'GET', path };
}

function post(service: string, form: string, name = `POST ${service} ${form}`): Ask {
  return { name, method: 'POST', path: `/${service}.json`, headers: FORM, body: form };
}

const BOUNDARY = 'xXxBoundaryxXx';

/** A form as curl sends it: plain fields, and an egg as a file. */
function multipart(service: string, fields: Record<string, string>, egg: Buffer | null, name: string): Ask {
  const parts = Object.entries(fields).map(
    ([field, value]) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
  );
  const head =
    'Content-Disposition: form-data; name="egg"; filename="p.egg"\r\nContent-Type: application/octet-stream';
  const file = egg ? [Buffer.from(`--${BOUNDARY}\r\n${head}\r\n\r\n`), egg, Buffer.from('\r\n')] : [];
  return {
    name,
    method: 'POST',
    path: `/${service}.json`,
    headers: { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: Buffer.concat([Buffer.from(parts.join('')), ...file, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}

function deploy(project: string, version: string, egg: Buffer, name = `deploy ${project} ${version}`): Ask {
  return multipart('addversion', { project, version }, egg, name);
}

/** As ScrapydWeb uploads an egg: a field of a urlencoded form. */
function urlencodedDeploy(project: string, version: string, egg: Buffer): Ask {
  const escaped = [...egg].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  return post(
    'addversion',
    `project=${project}&version=${version}&egg=${escaped}`,
    'deploy with a urlencoded egg',
  );
}

const GET_SERVICES = ['daemonstatus', 'listprojects', 'listversions', 'listspiders', 'listjobs', 'status'];
const POST_SERVICES = ['addversion', 'schedule', 'cancel', 'delversion', 'delproject'];

/** Before anything is deployed. */
function emptyServer(): Ask[] {
  return [
    get('/daemonstatus.json'),
    get('/listprojects.json'),
    get('/listjobs.json'),
    get('/'),
    get('/jobs'),
    get('/logs/'),
    get('/items/'),
    get('/listversions.json?project=nope'),
    get('/listspiders.json?project=nope'),
    get('/listjobs.json?project=nope'),
    get('/status.json?job=nope'),
    get('/status.json?job=nope&project=nope'),
    post('cancel', 'project=nope&job=nope'),
    post('schedule', 'project=nope&spider=nope'),
    post('delproject', 'project=nope'),
    post('delversion', 'project=nope&version=1'),
  ];
}

function methods(): Ask[] {
  const all = [...GET_SERVICES, ...POST_SERVICES];
  return [
    ...all.map(
      (service): Ask => ({ name: `OPTIONS ${service}`, method: 'OPTIONS', path: `/${service}.json` }),
    ),
    ...GET_SERVICES.flatMap((service) =>
      ['POST', 'PUT'].map(
        (method): Ask => ({ name: `${method} ${service}`, method, path: `/${service}.json` }),
      ),
    ),
    ...POST_SERVICES.flatMap((service) =>
      ['GET', 'HEAD', 'DELETE'].map(
        (method): Ask => ({ name: `${method} ${service}`, method, path: `/${service}.json` }),
      ),
    ),
    { name: 'HEAD daemonstatus', method: 'HEAD', path: '/daemonstatus.json' },
    { name: 'PATCH listjobs', method: 'PATCH', path: '/listjobs.json' },
    { name: 'a method of no standard', method: 'FOO', path: '/listjobs.json' },
    { name: 'POST /jobs', method: 'POST', path: '/jobs' },
    { name: 'OPTIONS /jobs', method: 'OPTIONS', path: '/jobs' },
    { name: 'PUT /', method: 'PUT', path: '/' },
    { name: 'HEAD /jobs', method: 'HEAD', path: '/jobs' },
  ];
}

function paths(): Ask[] {
  return [
    '/nope',
    '/daemonstatus.json/',
    '/schedule.json/x',
    '/jobs/',
    '/jobs/x',
    '/logs',
    '/items',
    '/logs/nope',
    '/logs/nope/',
    '/logs/nope/nope/nope.log',
    '/logs/../x',
    '/logs/%2e%2e/x',
    '/logs/..%2fx',
    '/items/nope.jl',
    '/%ff',
    '//daemonstatus.json',
    '/daemonstatus.json?x=%ff&y',
    '/DAEMONSTATUS.JSON',
    '/listprojects.json;x',
  ].map((path) => get(path));
}

function logins(): Ask[] {
  const as = (login: string | null, name: string, path = '/daemonstatus.json'): Ask => ({
    name,
    method: 'GET',
    path,
    login,
  });
  const header = (value: string): Ask => ({
    name: `Authorization: ${value}`,
    method: 'GET',
    path: '/daemonstatus.json',
    headers: { Authorization: value },
  });
  return [
    as(null, 'no credentials'),
    as(null, 'no credentials for a page', '/jobs'),
    as(null, 'no credentials for a path that is not there', '/nope'),
    { ...as(null, 'no credentials for OPTIONS'), method: 'OPTIONS' },
    as('scrapy:wrong', 'wrong password'),
    as('somebody:pass:word', 'wrong user'),
    as('scrapy:', 'empty password'),
    as(':', 'nothing at all'),
    header('Bearer abc'),
    header('Basic'),
    header('Basic !!!'),
    header(`Basic ${Buffer.from('nocolon').toString('base64')}`),
    header(`basic ${Buffer.from('scrapy:pass:word').toString('base64')}`),
  ];
}

function missingParameters(): Ask[] {
  return [
    post('addversion', ''),
    post('addversion', 'project=p'),
    post('addversion', 'project=p&version=1'),
    post('addversion', 'version=1&egg=x'),
    post('addversion', 'project=p&version=1&egg=x'),
    post('addversion', 'project=p&version=1&egg='),
    post('schedule', ''),
    post('schedule', 'project=p'),
    post('schedule', 'spider=s'),
    post('schedule', 'priority=x'),
    post('cancel', ''),
    post('cancel', 'project=p'),
    post('cancel', 'job=p'),
    post('delversion', ''),
    post('delversion', 'project=p'),
    post('delproject', ''),
    get('/status.json'),
    get('/status.json?project=p'),
    get('/listversions.json'),
    get('/listspiders.json'),
    get('/listspiders.json?_version=1'),
    {
      name: 'a JSON body is not looked at',
      method: 'POST',
      path: '/schedule.json',
      headers: { 'Content-Type': 'application/json' },
      body: '{"project": "p", "spider": "quick"}',
    },
    {
      name: 'a body without a type is not looked at',
      method: 'POST',
      path: '/delproject.json',
      body: 'project=p',
    },
  ];
}

function badText(): Ask[] {
  return [
    get('/listversions.json?project=%c3'),
    get('/listversions.json?project=%c3%28'),
    get('/status.json?job=%ff'),
    get('/status.json?job=a%e2%82'),
    get('/listspiders.json?project=p&_version=%f0%9f%98'),
    post('schedule', 'project=p&spider=%80'),
    post('schedule', 'project=p&spider=quick&jobid=%c0%80'),
    post('schedule', 'project=p&spider=quick&setting=A%3d1&setting=%ed%a0%80'),
    post('schedule', 'project=p&spider=quick&arg=%c3'),
    post('schedule', 'project=p&spider=quick&%c3=arg'),
    post('cancel', 'project=p&job=x&signal=%f5'),
    get('/listversions.json?project=caf%C3%A9'),
    get('/listjobs.json?project=%F0%9F%98%80'),
    get('/status.json?job=caf%C3%A9'),
  ];
}

function names(): Ask[] {
  return [
    get('/listversions.json?project=../p'),
    get('/listversions.json?project=..'),
    get('/listversions.json?project=a/b'),
    get('/listversions.json?project=/etc'),
    get('/listversions.json?project=*'),
    get('/listversions.json?project=%00'),
    get('/listversions.json?project='),
    get('/listversions.json?project=.'),
    get('/listversions.json?project=p/'),
    get('/listversions.json?project=./p'),
    post('delproject', `project=${'x'.repeat(300)}`, 'delete a project with a long name'),
    get('/listspiders.json?project=../p'),
    post('delproject', 'project=../p'),
    post('delproject', 'project=a/b'),
    post('delproject', 'project=%00'),
    post('delversion', 'project=../p&version=1'),
    post('delversion', 'project=p&version=../1'),
    post('delversion', 'project=p&version='),
    post('schedule', 'project=../p&spider=x'),
    post('cancel', 'project=../p&job=x'),
    get('/listversions.json?project=%27%3B%20drop%20table%20jobs%3B--'),
    get('/status.json?job=%3Cscript%3Ealert(1)%3C/script%3E'),
    post('schedule', `project=${'x'.repeat(5000)}&spider=s`, 'a project with a very long name'),
  ];
}

function deployments(eggs: Eggs): Ask[] {
  return [
    deploy('p', '1.0', eggs.shop),
    deploy('p', '1.0', eggs.shop, 'deploy the same version again'),
    urlencodedDeploy('web', '7', eggs.shop),
    multipart('addversion', { project: 'p', version: '2' }, null, 'deploy without an egg'),
    multipart('addversion', { project: 'p' }, eggs.shop, 'deploy without a version'),
    deploy('p', '2', Buffer.from('no zip'), 'deploy what is no egg'),
    deploy('../p', '1', eggs.shop, 'deploy out of the folder'),
    deploy('a/b', '1', eggs.shop, 'deploy into a folder'),
    deploy('my proj\u00e9ct', '1', eggs.small, 'deploy under a name with a space and an accent'),
    deploy('broken', '1', eggs.brokenImport, 'deploy an egg that cannot be imported'),
    deploy('broken', '1', eggs.noEntryPoint, 'deploy an egg without entry point'),
    deploy('broken', '1', eggs.noEggInfo, 'deploy an egg without metadata'),
    get('/listversions.json?project=broken', 'versions after a failed deployment'),
    post('delproject', 'project=broken', 'delete what a failed deployment left'),
    get('/listprojects.json', 'projects after deployments'),
    get('/', 'the first page after deployments'),
    get('/listversions.json?project=p', 'versions of p'),
    get('/listversions.json?project=my%20proj%C3%A9ct', 'versions of a project with an accent'),
    get('/listspiders.json?project=p', 'spiders of p'),
    get('/listspiders.json?project=web', 'spiders of a urlencoded egg'),
    get('/listspiders.json?project=p&_version=1.0', 'spiders of a version'),
    get('/listspiders.json?project=p&_version=1_0', 'spiders of a version by its file name'),
    get('/listspiders.json?project=p&_version=', 'spiders of no version'),
    get('/listspiders.json?project=p&_version=9', 'spiders of an unknown version'),
    get('/listspiders.json?project=p&version=9', 'spiders with a parameter of another name'),
    get('/listspiders.json?project=p&project=web', 'of two projects the first counts'),
    deploy('v', '9', eggs.shop),
    deploy('v', '200', eggs.small),
    deploy('v', '30', eggs.shop),
    get('/listversions.json?project=v', 'versions by number'),
    get('/listspiders.json?project=v', 'spiders of the latest version'),
    deploy('dots', '1.9', eggs.shop),
    deploy('dots', '1.10', eggs.small),
    get('/listversions.json?project=dots', 'versions with dots'),
    get('/listspiders.json?project=dots', 'spiders of the latest version with dots'),
    deploy('words', 'r9', eggs.shop),
    deploy('words', 'r10', eggs.small),
    get('/listversions.json?project=words', 'versions that are words'),
    deploy('same', '1.0', eggs.shop),
    deploy('same', '1_0', eggs.small),
    get('/listversions.json?project=same', 'versions whose file names are the same'),
    post('delversion', 'project=v&version=200', 'delete the latest version'),
    get('/listversions.json?project=v', 'versions after one was deleted'),
    get('/listspiders.json?project=v', 'spiders after the latest version was deleted'),
    post('delversion', 'project=v&version=200', 'delete it again'),
    post('delversion', 'project=dots&version=1_9', 'delete by the file name'),
    post('delversion', 'project=dots&version=1.10', 'delete the last version'),
    get('/listversions.json?project=dots', 'versions of a deleted project'),
    get('/listspiders.json?project=dots', 'spiders of a deleted project'),
    post('delproject', 'project=words', 'delete a project'),
    post('delproject', 'project=words', 'delete it once more'),
    get('/listversions.json?project=words', 'versions of the deleted project'),
  ];
}

function form(contentType: string, body: string, name: string, path = '/cancel.json'): Ask {
  return { name, method: 'POST', path, headers: { 'Content-Type': contentType }, body };
}

/** Forms as no library writes them, but scripts do. */
function oddForms(): Ask[] {
  const type = 'multipart/form-data; boundary=x';
  const part = (name: string, value: string, more = '') =>
    `--x\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
  const project = part('project', 'p');
  const whole = `${project}${part('job', 'nope')}--x--\r\n`;
  return [
    form(type, whole.replaceAll('\r\n', '\n'), 'a form of lines without carriage returns'),
    form(type, whole.replace('--x--\r\n', ''), 'a form without its last delimiter'),
    form(type, whole.replace('nope\r\n', ''), 'a form whose last value has no line'),
    form(type, whole.replace('name="job"', 'name = "job"'), 'a form with blanks around its signs'),
    form('multipart/form-data; boundary = "x"', whole, 'a boundary with blanks around its sign'),
    form('multipart/form-data; a="; boundary=y"; boundary=x', whole, 'a boundary behind a quoted one'),
    form(type, '--x--\r\n', 'a form of no parts', '/cancel.json?project=p'),
    form(type, 'x', 'a form without delimiters'),
    form(
      type,
      part('project', 'bm9wZQ==', '\r\nContent-Transfer-Encoding: base64') + part('job', 'x'),
      'a form with a part in base64',
    ),
  ];
}

function schedules(): Ask[] {
  return [
    post('schedule', 'project=p&spider=quick'),
    post('schedule', 'project=p&spider=nope'),
    post('schedule', 'project=p&spider='),
    post('schedule', 'project=p&spider=Quick'),
    post('schedule', 'project=p&spider=quick&_version=9'),
    post('schedule', 'project=p&spider=quick&_version=1.0&jobid=with-version'),
    post('schedule', 'project=p&spider=quick&_version=1_0&jobid=with-file-version'),
    post('schedule', 'project=p&spider=quick&_version=&jobid=no-version'),
    post('schedule', 'project=p&spider=quick&priority=x'),
    post('schedule', 'project=p&spider=quick&priority='),
    post('schedule', 'project=p&spider=quick&priority=%ff'),
    post('schedule', "project=p&spider=quick&priority='1'"),
    post('schedule', 'project=p&spider=quick&priority=1_0&jobid=ten'),
    post('schedule', 'project=p&spider=quick&priority=-1&jobid=low'),
    post('schedule', 'project=p&spider=quick&priority=0.25&jobid=quarter'),
    post('schedule', 'project=p&spider=quick&priority=0.5&jobid=half'),
    post('schedule', 'project=p&spider=quick&priority=1e3&jobid=thousand'),
    post('schedule', 'project=p&spider=quick&priority=inf&jobid=first'),
    post('schedule', 'project=p&spider=quick&priority=nan&jobid=last'),
    post('schedule', 'project=p&spider=quick&priority=-1e300&jobid=lowest'),
    post('schedule', 'project=p&spider=quick&jobid=with-settings&setting=A=1&setting=B=2=3&setting=A=4'),
    post('schedule', 'project=p&spider=quick&setting=nothing'),
    post('schedule', 'project=p&spider=quick&setting=A=1&setting=nothing'),
    post('schedule', 'project=p&spider=quick&jobid=empty-setting&setting=A='),
    post(
      'schedule',
      'project=p&spider=quick&jobid=with-args&arg1=val1&arg2=&a[b]=c&caf%C3%A9=%F0%9F%98%80&q=%22%5C%0A',
    ),
    post('schedule', 'project=p&spider=quick&jobid=two-values&arg=1&arg=2'),
    post('schedule', 'project=p&spider=quick&jobid=odd-args&__proto__=x&constructor=y&toString=z'),
    post('schedule', 'project=p&spider=quick&jobid=percent&arg=100%25+sure%zz'),
    post('schedule', 'project=p&spider=quick&jobid=semi;arg=1'),
    post('schedule', 'project=p&spider=quick&name=x'),
    post('schedule', 'project=p&spider=quick&settings=x'),
    post('schedule', 'project=p&spider=quick&_job=x'),
    post('schedule', 'project=p&spider=quick&spider_name=x'),
    post('schedule', 'project=p&spider=quick&self=x'),
    {
      ...post('schedule', 'project=p&jobid=in-body'),
      path: '/schedule.json?spider=quick&jobid=in-query',
      name: 'the body counts more than the query',
    },
    {
      ...post('schedule', ''),
      path: '/schedule.json?project=p&spider=quick&jobid=only-query',
      name: 'parameters in the query',
    },
    multipart(
      'schedule',
      { project: 'p', spider: 'quick', jobid: 'multi', arg: '\u00e9' },
      null,
      'schedule with a multipart form',
    ),
    post(
      'schedule',
      `project=p&spider=quick&jobid=long&arg=${'x'.repeat(200_000)}`,
      'schedule with a long argument',
    ),
    get('/listjobs.json?project=p', 'pending jobs in order'),
    get('/listjobs.json', 'jobs of all projects'),
    get('/listjobs.json?project=web', 'jobs of another project'),
    get('/daemonstatus.json', 'counts of pending jobs'),
    get('/status.json?job=ten'),
    get('/status.json?job=ten&project=p'),
    get('/status.json?job=ten&project=web'),
    get('/status.json?job=ten&project=nope'),
    get('/status.json?job='),
    post('cancel', 'project=web&job=ten'),
    post('cancel', 'project=p&job=ten'),
    post('cancel', 'project=p&job=ten', 'cancel it again'),
    post('cancel', 'project=p&job=low&signal=FOO', 'cancel a pending job with a wrong signal'),
    post('cancel', 'project=p&job=nope&signal=FOO'),
    post('cancel', 'project=p&job='),
    get('/status.json?job=ten', 'state of a cancelled job'),
    get('/listjobs.json?project=p', 'pending jobs after cancels'),
    post('schedule', 'project=p&spider=quick&jobid=../x'),
    post('schedule', 'project=p&spider=quick&jobid=a/b'),
    post('schedule', 'project=p&spider=quick&jobid='),
    post('schedule', 'project=p&spider=quick&jobid=half', 'schedule a job id again'),
    post('delproject', 'project=p', 'delete a project with pending jobs'),
    get('/status.json?job=half', 'state of a pending job of a deleted project'),
  ];
}

/** Last, because here Scrapyd loses every project. */
function namesOfNothing(eggs: Eggs): Ask[] {
  return [
    deploy('web', '', eggs.shop, 'deploy without a name for the version'),
    deploy('.', '1', eggs.shop, 'deploy into the folder of all projects'),
    deploy('', '1', eggs.shop, 'deploy into no project'),
    post('delversion', 'project=&version=1', 'delete a version of no project'),
    get('/listprojects.json', 'projects after a version of no project was deleted'),
    get('/listspiders.json?project=web', 'spiders after a version of no project was deleted'),
  ];
}

/** Everything that needs no crawl to run, in order: each request finds what those before it have left. */
export function requestsWithoutCrawls(eggs: Eggs): Ask[] {
  return [
    ...emptyServer(),
    ...methods(),
    ...paths(),
    ...logins(),
    ...missingParameters(),
    ...deployments(eggs),
    ...badText(),
    ...names(),
    ...oddForms(),
    ...schedules(),
    ...namesOfNothing(eggs),
  ];
}

/** A time that no file is as new as. */
const LATER = 'Fri, 01 Jan 2100 00:00:00 GMT';

/** What is asked when `done` and `empty` have finished and `stuck` runs. */
export function requestsWithCrawls(): Ask[] {
  const ranges = ['0-9', '5-', '-5', '-1000000', '0-0', '99999999-', '1-0', '-0', 'x', '3'];
  const item = '/items/p/quick/done.jl';
  return [
    get('/daemonstatus.json', 'counts with a running job'),
    get('/listjobs.json', 'jobs of every kind'),
    get('/listjobs.json?project=p', 'jobs of every kind of a project'),
    get('/jobs', 'the page of jobs of every kind'),
    { ...get('/jobs', 'the page of jobs behind a proxy'), headers: { 'X-Forwarded-Prefix': '/crawl' } },
    { ...get('/', 'the first page behind a proxy'), headers: { 'X-Forwarded-Prefix': '/crawl' } },
    get('/status.json?job=done'),
    get('/status.json?job=stuck'),
    get('/status.json?job=stuck&project=p'),
    post('cancel', 'project=p&job=done', 'cancel a finished job'),
    post('cancel', 'project=p&job=stuck&signal=0', 'ask whether a job runs'),
    post('cancel', 'project=p&job=stuck&signal=FOO', 'cancel with an unknown signal'),
    post('cancel', 'project=p&job=stuck&signal=int', 'cancel with a signal in small letters'),
    post('cancel', 'project=p&job=stuck&signal=999', 'cancel with a signal out of range'),
    get('/logs/', 'folders of logs'),
    get('/logs/p', 'a folder without its slash'),
    get('/logs/p?a?b', 'a folder without its slash and with a question'),
    get('/logs/p?', 'a folder without its slash and with an empty question'),
    { ...get('/logs/p', 'a folder behind a proxy'), headers: { 'X-Forwarded-Prefix': '/crawl' } },
    get('/logs/p/./', 'a folder with a dot'),
    get('/logs/p//', 'a folder with two slashes'),
    get('/logs/p%00', 'a folder with a zero byte'),
    get('/logs/?a=<', 'a folder with a question'),
    get('/logs/p/', 'folders of a project'),
    get('/logs/p/quick', 'a deeper folder without its slash'),
    get('/logs/p/quick/', 'logs of a spider'),
    get('/items/p/quick/', 'items of a spider'),
    get('/logs/p/nope/', 'logs of an unknown spider'),
    get('/logs/p/quick/nope.log', 'log of an unknown job'),
    get('/logs/p/quick/done', 'log without its extension'),
    get('/logs/p/quick/done.json', "a LogParser's file"),
    get('/logs/p/quick/done.log', 'log of a job'),
    { ...get('/logs/p/quick/done.log', 'head of a log'), method: 'HEAD' },
    get(item, 'items of a job'),
    { ...get(item, 'head of items'), method: 'HEAD' },
    get('/items/p/quick/empty.jl', 'items of a job without items'),
    { ...get('/items/p/quick/empty.jl', 'head of no items'), method: 'HEAD' },
    ...ranges.map((range): Ask => ({ ...get(item, `range ${range}`), headers: { Range: `bytes=${range}` } })),
    { ...get(item, 'a range of something else'), headers: { Range: 'items=0-9' } },
    { ...get(item, 'two ranges'), headers: { Range: 'bytes=0-1,3-4' } },
    { ...get(item, 'head with a range'), method: 'HEAD', headers: { Range: 'bytes=0-9' } },
    { ...get(item, 'items that have not changed'), headers: { 'If-Modified-Since': LATER } },
    {
      ...get(item, 'head of items that have not changed'),
      method: 'HEAD',
      headers: { 'If-Modified-Since': LATER },
    },
    ...['POST', 'OPTIONS', 'DELETE'].flatMap((method) =>
      ['/logs', '/logs/p', '/logs/p/', '/logs/p/quick/nope.log', item, `${item}?a=<`].map(
        (path): Ask => ({ name: `${method} ${path}`, method, path }),
      ),
    ),
    post('delproject', 'project=p', 'delete a project whose job runs'),
    get('/listjobs.json', 'jobs of a deleted project'),
    get('/listjobs.json?project=p', 'jobs of a deleted project by name'),
    get('/status.json?job=stuck', 'state of a job of a deleted project'),
    post('cancel', 'project=p&job=stuck', 'cancel a job of a deleted project'),
  ];
}
