import { bodyOf, type Draft } from './draft.ts';

/** The same job from a shell or a program. The key is never known to the page: it stands for itself. */
const KEY = 'APIKEY';

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Settings as a JSON object of raw values: what they are is kept to the digit. */
function objectText(list: readonly { name: string; value: string }[]): string {
  return `{${list.map(({ name, value }) => `${JSON.stringify(name)}: ${value}`).join(', ')}}`;
}

export function curlLines(origin: string, project: number, draft: Draft): string {
  const body = bodyOf(draft);
  const pairs: [string, string][] = [
    ['project', String(project)],
    ['spider', body.spider],
    ...body.args.map(({ name, value }): [string, string] => [name, value]),
    ...body.tags.map((tag): [string, string] => ['add_tag', tag]),
    ['priority', String(body.priority)],
  ];
  if (body.units !== 1) pairs.push(['units', String(body.units)]);
  if (body.version !== null) pairs.push(['version', body.version]);
  if (body.settings.length > 0) pairs.push(['job_settings', objectText(body.settings)]);
  if (body.command) pairs.push(['cmd_args', body.command.join(' ')]);
  if (body.environment.length > 0) {
    const texts = body.environment.map(({ name, value }) => ({ name, value: JSON.stringify(value) }));
    pairs.push(['environment', objectText(texts)]);
  }
  const script = draft.spider.startsWith('py:') ? 'run' : 'schedule';
  return [
    `curl -u ${KEY}: ${origin}/api/${script}.json`,
    ...pairs.map(([name, value]) => `  --data-urlencode ${shellWord(`${name}=${value}`)}`),
  ].join(' \\\n');
}

export function shubLines(origin: string, project: number, draft: Draft): string {
  const body = bodyOf(draft);
  const words = [
    ...body.args.map(({ name, value }) => `-a ${shellWord(`${name}=${value}`)}`),
    ...body.settings.map(({ name, value }) => `-s ${shellWord(`${name}=${value}`)}`),
    ...body.environment.map(({ name, value }) => `-e ${shellWord(`${name}=${value}`)}`),
    ...body.tags.map((tag) => `-t ${shellWord(tag)}`),
    `-p ${body.priority}`,
    ...(body.units === 1 ? [] : [`-u ${body.units}`]),
  ];
  return [
    `# ~/.scrapinghub.yml: endpoints: {default: "${origin}/api/"}, apikeys: {default: ${KEY}}`,
    `shub schedule ${words.join(' ')} ${shellWord(`${project}/${body.spider}`)}`,
  ].join('\n');
}

export function pythonLines(origin: string, project: number, draft: Draft): string {
  const body = bodyOf(draft);
  const text = (value: string) => JSON.stringify(value);
  const pairs = (list: readonly { name: string; value: string }[]) =>
    `{${list.map(({ name, value }) => `${text(name)}: ${text(value)}`).join(', ')}}`;
  const given = [
    text(body.spider),
    ...(body.args.length > 0 ? [`job_args=${pairs(body.args)}`] : []),
    ...(body.tags.length > 0 ? [`add_tag=[${body.tags.map(text).join(', ')}]`] : []),
    `priority=${body.priority}`,
    ...(body.units === 1 ? [] : [`units=${body.units}`]),
    ...(body.settings.length > 0 ? [`job_settings=json.loads(${text(objectText(body.settings))})`] : []),
    ...(body.environment.length > 0 ? [`environment=${pairs(body.environment)}`] : []),
  ];
  return [
    ...(body.settings.length > 0 ? ['import json'] : []),
    'from scrapinghub import ScrapinghubClient',
    '',
    `client = ScrapinghubClient("${KEY}", dash_endpoint="${origin}/api/", endpoint="${origin}/storage")`,
    `job = client.get_project(${project}).jobs.run(${given.join(', ')})`,
    'print(job.key)',
  ].join('\n');
}
