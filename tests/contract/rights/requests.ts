import type { z } from 'zod';
import type { OperationSpec } from '../../../apps/api/src/http/operation.ts';
import type { Target } from './world.ts';

export interface Wanted {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | FormData | null;
}

const PLAIN: Record<string, string> = {
  add_tag: 't',
  lacks_tag: 't',
  tag: 't',
  worker: 'w',
  fields: 'a',
  image_url: 'x',
  role: 'reader',
  version: '1.0',
  state: 'pending',
  type: 's',
  slot: 's',
  text: 'x',
  key: 'k',
  cron: '0 0 * * *',
  email: 'a@example.org',
  a: '1/1',
  b: '1/1',
};

/** Values of bodies that are no texts. */
const TYPED: Record<string, unknown> = {
  tasks: [{ spider: 'a' }],
  when: {},
  action: { channel: 'run', spider: 'a' },
};

/** What an operation is asked with about a target, by the names of its fields. */
function valuesFor(dialect: string, { project, projectName, organisation, user, comment }: Target) {
  const isScrapyd = dialect === 'scrapyd';
  const about: Record<string, string> = {
    project: isScrapyd ? projectName : String(project),
    p: String(project),
    job: isScrapyd ? `${project}-1-1` : `${project}/1/1`,
    organisation: String(organisation),
    user: String(user),
    comment: String(comment),
  };
  return { about, all: { spider: 'a', ...PLAIN, ...about } as Record<string, string> };
}

/** A request for an operation, made from what it says that it takes. */
export function requestFor(
  dialect: { name: string; base: string },
  spec: OperationSpec,
  target: Target,
): Wanted {
  const { about, all } = valuesFor(dialect.name, target);
  const inPath: Record<string, string> = {
    ...all,
    spider: '1',
    job: '1',
    format: 'jl',
    path: about.project as string,
  };
  const path = spec.path
    .replace(/\{\/\*(\w+)\}/, (_, name: string) => `/${inPath[name] ?? 'x'}`)
    .replaceAll(/[:*](\w+)/g, (_, name: string) => encodeURIComponent(inPath[name] ?? '1'));
  // Several in a query; a body that names some has them as a list, and may leave them out.
  const projects = String(target.project);
  const query = new URLSearchParams(
    Object.entries(sample(spec.query, { ...all, projects }, { ...about, projects })).map(
      ([k, v]): [string, string] => [k, String(v)],
    ),
  );
  const url = `${dialect.base}${path}${query.size > 0 ? `?${query.toString()}` : ''}`;
  return { method: spec.method.toUpperCase(), path: url, ...bodyOf(dialect.name, spec, all, about) };
}

/** Fields that say what it is about, and those that must be there. */
function sample(schema: z.ZodType | undefined, all: Record<string, string>, about: Record<string, string>) {
  const shape = (schema as z.ZodObject | undefined)?.shape ?? {};
  const given: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(shape) as [string, z.ZodType][]) {
    if (!(name in about) && field.safeParse(undefined).success) continue;
    given[name] = TYPED[name] ?? all[name] ?? '1';
  }
  return given;
}

function bodyOf(
  dialect: string,
  { method, body, takes = [] }: OperationSpec,
  all: Record<string, string>,
  about: Record<string, string>,
): Pick<Wanted, 'headers' | 'body'> {
  if (takes.includes('multipart/form-data') || (body && 'egg' in (body as z.ZodObject).shape)) {
    const form = new FormData();
    const { project = '', job = '' } = about;
    const fields = { project, version: '1.0', name: 'egg', job, key: 'k', content: 'x' };
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set('egg', new Blob(['PK']), 'x.egg');
    return { headers: {}, body: form };
  }
  if (takes[0]) return { headers: { 'content-type': takes[0] }, body: '{}\n' };
  if (!body) return { headers: {}, body: method === 'get' || method === 'delete' ? null : '' };
  const fields = sample(body, all, about);
  if (dialect === 'console')
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields) };
  const form = new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form.toString() };
}
