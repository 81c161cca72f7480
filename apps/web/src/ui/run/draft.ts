import type { RunAgain } from '../../api/jobs.ts';

export interface NamedText {
  name: string;
  value: string;
}

/** A job before it is one: the texts of the form. */
export interface Draft {
  spider: string;
  args: NamedText[];
  tags: string;
  priority: number;
  units: number;
  /** Empty: the one in use. */
  version: string;
  settings: NamedText[];
  environment: NamedText[];
  /** Words after a script's name. */
  command: string;
}

export const PRIORITIES = ['lowest', 'low', 'normal', 'high', 'highest'] as const;
const NORMAL = 2;

export const emptyDraft = (spider = ''): Draft => ({
  spider,
  args: [],
  tags: '',
  priority: NORMAL,
  units: 1,
  version: '',
  settings: [],
  environment: [],
  command: '',
});

export const isScript = (spider: string): boolean => spider.startsWith('py:');

/** A job that has been, as a form. */
export function draftOf(again: RunAgain): Draft {
  return {
    spider: again.spider,
    args: again.args,
    tags: again.tags.join(' '),
    priority: again.priority,
    units: again.units,
    version: again.version ?? '',
    settings: again.settings.map(({ name, value }) => ({ name, value: plainText(value) })),
    environment: again.environment,
    command: (again.command ?? []).join(' '),
  };
}

/** JSON text as one types it: a string without its quotes when it cannot be taken for something else. */
function plainText(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'string' && jsonText(value) === json ? value : json;
  } catch {
    return json;
  }
}

/** What somebody typed as JSON text: as it is where it is JSON, else as a string. */
export function jsonText(typed: string): string {
  try {
    JSON.parse(typed);
    return typed.trim();
  } catch {
    return JSON.stringify(typed);
  }
}

const named = (list: readonly NamedText[]) => list.filter(({ name }) => name !== '');
export const tagsOf = (text: string): string[] => [...new Set(text.split(/[\s,]+/).filter(Boolean))];

/** The body of the call that starts it. */
export function bodyOf(draft: Draft) {
  const { spider, priority, units, version } = draft;
  return {
    spider,
    priority,
    units,
    args: named(draft.args),
    tags: tagsOf(draft.tags),
    version: version === '' ? null : version,
    settings: named(draft.settings).map(({ name, value }) => ({ name, value: jsonText(value) })),
    environment: named(draft.environment),
    ...(isScript(spider) && draft.command !== '' && { command: draft.command.split(/\s+/) }),
  };
}
