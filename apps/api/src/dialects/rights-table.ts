import { ACTIONS, type Action } from '@spiderhub/core';
import type { OperationSpec } from '../http/operation.ts';
import type { Parts } from '../parts.ts';
import type { Dialect } from './dialect.ts';

const OF_CRAWLS: Record<string, string> = {
  'own job': 'its own job, while it runs',
  'own job, late too': 'its own job, and late data of it',
  project: 'its project, while it runs',
};

const HEAD = `# Who may do what

Made by \`npm run rights\` from the operations themselves; do not edit. Each operation asks the one door
(\`Access.may\` in \`packages/core/src/access\`) for its action before it touches anything. Members of a project may do
everything in it but what is for staff; a crawl that comes with its job's token may do what the second table says.
\`any key\`: touches nothing of anybody, so that every valid key will do. \`open\`: needs no key.
`;

/** Routes and their actions as a page of Markdown. */
export function rightsTable(dialects: readonly Dialect[]): string {
  // Handlers are made, not called: no part is asked for anything.
  const rows = dialects.flatMap((dialect) =>
    dialect.operations({} as Parts).map(({ spec }) => routeRow(dialect.base, spec)),
  );
  return `${HEAD}
## Routes

| route | action |
|---|---|
${rows.join('\n')}

## Actions

| action | what | crawls |
|---|---|---|
${Object.keys(ACTIONS)
  .map((action) => actionRow(action as Action))
  .join('\n')}
`;
}

function routeRow(base: string, { method, path, action, alsoAsks = [] }: OperationSpec): string {
  const also = alsoAsks.length === 0 ? '' : `, sometimes ${alsoAsks.join(', ')}`;
  return `| \`${method.toUpperCase()} ${base}${path}\` | ${action}${also} |`;
}

function actionRow(action: Action): string {
  const { what, crawl, staffOnly } = ACTIONS[action];
  return `| ${action} | ${what}${staffOnly === undefined ? '' : ' (staff)'} | ${OF_CRAWLS[crawl ?? ''] ?? ''} |`;
}
