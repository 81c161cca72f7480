import { ACTIONS, type Action, ROLE_WORDS, ROLES } from '@spiderhub/core';
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
(\`Access.may\` in \`packages/core/src/access\`) for its action before it touches anything. What members may do is said by
their roles in the second table, which add up: one in the organisation counts in all its projects, one in a project there
alone. A crawl that comes with its job's token may do what the table's last column says, and staff may do everything.
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

## Roles

| role | what for |
|---|---|
${ROLES.map((role) => `| ${role} | ${ROLE_WORDS[role]} |`).join('\n')}

## Actions

| action | what | ${ROLES.join(' | ')} | crawls |
|---|---|${'---|'.repeat(ROLES.length)}---|
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
  const { what, crawl, staffOnly, roles } = ACTIONS[action];
  const marks = ROLES.map((role) => (roles.includes(role) ? 'yes' : '')).join(' | ');
  return `| ${action} | ${what}${staffOnly === undefined ? '' : ' (staff)'} | ${marks} | ${OF_CRAWLS[crawl ?? ''] ?? ''} |`;
}
