import type { Database } from '@spiderhub/db';

export interface Plan {
  /** Indexes that are used, sorted. */
  indexes: string[];
  /** Tables that are read from their beginning to their end. */
  wholeTables: string[];
  /** Most rows that one step read, kept or not. */
  mostRows: number;
}

interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

interface Statement {
  sql: string;
  bindings: unknown[];
}

/** Runs `work`, and says how Postgres ran its statements. Each is run once more, and undone. */
export async function planOf(database: Database, work: () => Promise<unknown>): Promise<Plan> {
  const seen: Statement[] = [];
  const listen = ({ sql, bindings }: Statement) => void seen.push({ sql, bindings });
  database.on('query', listen);
  await work().finally(() => database.removeListener('query', listen));
  const statements = seen.filter(({ sql }) => /^\s*(with|select|update|insert)/i.test(sql));
  if (statements.length === 0) throw new Error('no statement was sent');
  const nodes: PlanNode[] = [];
  for (const statement of statements) nodes.push(...(await explain(database, statement)));
  return {
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))].sort(),
    wholeTables: nodes.flatMap((node) =>
      node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? []) : [],
    ),
    mostRows: Math.max(...nodes.map(rowsOf)),
  };
}

/** Every step that was taken: Postgres leaves out branches that it turns out not to need. */
async function explain(database: Database, { sql, bindings }: Statement): Promise<PlanNode[]> {
  const connection = await database.client.acquireConnection();
  try {
    await connection.query('begin');
    const { rows } = await connection.query(`explain (analyze, format json) ${sql}`, bindings);
    return nodesOf(rows[0]['QUERY PLAN'][0].Plan).filter((node) => node['Actual Loops'] > 0);
  } finally {
    await connection.query('rollback');
    await database.client.releaseConnection(connection);
  }
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

function rowsOf(node: PlanNode): number {
  return (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
}
