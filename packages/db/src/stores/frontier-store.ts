import type { FrontierBatch, FrontierRequest, FrontierSlot, FrontierStore } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { patiently } from '../patience.ts';
import { fromPostgres, translated } from '../pg-errors.ts';

/** Requests of one batch, as recorded; fewer when they are large. */
const BATCH_REQUESTS = 100;
const BATCH_BYTES = 1024 * 1024;
/** Batches that one query reads. */
const PAGE = 16;

interface NewBatch {
  priority: number;
  size: number;
  bytes: number;
  requests: string[];
}

interface BatchRow {
  id: string;
  priority: number;
  size: number;
  requests: string;
}

// Locks the slot's row: additions to one slot go one after the other, so no fingerprint is new twice.
const LOCK_SLOT = `
  insert into frontier_slots as s (project_id, frontier, slot) values (:project, :frontier, :slot)
  on conflict (project_id, frontier, slot) do update set slot = excluded.slot
  returning s.id`;

const REMEMBER = `
  insert into frontier_fingerprints (slot_id, fp, fdata)
  select :id, n.fp, n.fdata from unnest(:fps::text[], :fdata::text[]) as n (fp, fdata)
  on conflict do nothing
  returning fp`;

const QUEUE = `
  insert into frontier_batches (slot_id, priority, size, requests)
  select :id, n.priority, n.size, n.requests
  from unnest(:priorities::float8[], :sizes::int[], :requests::text[]) with ordinality
    as n (priority, size, requests, nth)
  order by n.nth`;

const SLOT = 's.project_id = :project and s.frontier = :frontier and s.slot = :slot';

const NEXT_BATCHES = `
  select b.id, b.priority, b.size, b.requests
  from frontier_slots s join frontier_batches b on b.slot_id = s.id
  where ${SLOT} and (:priority::float8 is null or (b.priority, b.id) > (:priority::float8, :id::bigint))
  order by b.priority, b.id limit ${PAGE}`;

async function nextBatches(db: Database, slot: FrontierSlot, last: BatchRow | null): Promise<BatchRow[]> {
  const after = { priority: last?.priority ?? null, id: last?.id ?? null };
  const { rows } = await db.raw<{ rows: BatchRow[] }>(NEXT_BATCHES, { ...slot, ...after });
  return rows;
}

async function* readBatches(
  db: Database,
  slot: FrontierSlot,
  minCount = Number.POSITIVE_INFINITY,
): AsyncGenerator<FrontierBatch> {
  let last: BatchRow | null = null;
  let missing = minCount;
  while (missing > 0) {
    const rows = await nextBatches(db, slot, last).catch((error) => Promise.reject(fromPostgres(error)));
    for (const row of rows) {
      if (missing <= 0) return;
      yield { id: toBatchId(row.id), size: row.size, requests: row.requests };
      missing -= row.size;
    }
    if (rows.length < PAGE) return;
    last = rows.at(-1) as BatchRow;
  }
}

export function createFrontierStore(database: Database): FrontierStore {
  const methods = translated<Omit<FrontierStore, 'read'>>({
    async frontiers(project) {
      return database('frontier_slots')
        .where({ project_id: project })
        .distinct()
        .orderBy('frontier')
        .pluck('frontier');
    },

    async slots(project, frontier) {
      return database('frontier_slots')
        .where({ project_id: project, frontier })
        .orderBy('slot')
        .pluck('slot');
    },

    async add(slot, requests) {
      if (requests.length === 0) return 0;
      return database.transaction(async (tx) => {
        const { rows } = await tx.raw<{ rows: [{ id: string }] }>(LOCK_SLOT, { ...slot });
        const fresh = await remember(tx, rows[0].id, requests);
        await queue(tx, rows[0].id, toBatches(fresh));
        return fresh.length;
      });
    },

    async queued(slot) {
      const { rows } = await database.raw<{ rows: [{ size: string }] }>(
        `select coalesce(sum(b.size), 0) as size
        from frontier_slots s join frontier_batches b on b.slot_id = s.id where ${SLOT}`,
        { ...slot },
      );
      return Number(rows[0].size);
    },

    async removeBatches(slot, ids) {
      await database.raw(
        `delete from frontier_batches b using frontier_slots s
        where b.slot_id = s.id and ${SLOT} and b.id = any(:ids::bigint[])`,
        { ...slot, ids: ids.flatMap(fromBatchId) },
      );
    },

    async fingerprints(slot, after, limit) {
      const { rows } = await database.raw<{ rows: { fp: string; fdata: string | null }[] }>(
        `select f.fp, f.fdata from frontier_slots s join frontier_fingerprints f on f.slot_id = s.id
        where ${SLOT} and (:after::text is null or f.fp > :after::text) order by f.fp limit :limit`,
        { ...slot, after, limit },
      );
      return rows;
    },

    async removeSlot({ project, frontier, slot }) {
      await patiently(database, (tx) =>
        tx('frontier_slots').where({ project_id: project, frontier, slot }).delete(),
      );
    },
  });
  return { ...methods, read: (slot, minCount) => readBatches(database, slot, minCount) };
}

/** The requests whose fingerprint the slot sees for the first time, each once. */
async function remember(
  tx: Database,
  id: string,
  requests: readonly FrontierRequest[],
): Promise<FrontierRequest[]> {
  const first = new Map<string, FrontierRequest>();
  for (const request of requests) if (!first.has(request.fp)) first.set(request.fp, request);
  const unique = [...first.values()];
  const { rows } = await tx.raw<{ rows: { fp: string }[] }>(REMEMBER, {
    id,
    fps: unique.map((request) => request.fp),
    fdata: unique.map((request) => request.fdata),
  });
  const fresh = new Set(rows.map((row) => row.fp));
  return unique.filter((request) => fresh.has(request.fp));
}

/** Requests of one priority, in their order, in batches of bounded size. */
function toBatches(requests: readonly FrontierRequest[]): NewBatch[] {
  const batches: NewBatch[] = [];
  const open = new Map<number, NewBatch>();
  for (const { fp, priority, qdata } of requests) {
    const text = `[${JSON.stringify(fp)},${qdata}]`;
    let batch = open.get(priority);
    if (!batch || batch.size >= BATCH_REQUESTS || batch.bytes + text.length > BATCH_BYTES) {
      batch = { priority, size: 0, bytes: 0, requests: [] };
      open.set(priority, batch);
      batches.push(batch);
    }
    batch.size += 1;
    batch.bytes += text.length;
    batch.requests.push(text);
  }
  return batches;
}

async function queue(tx: Database, id: string, batches: readonly NewBatch[]): Promise<void> {
  await tx.raw(QUEUE, {
    id,
    priorities: batches.map((batch) => batch.priority),
    sizes: batches.map((batch) => batch.size),
    requests: batches.map((batch) => `[${batch.requests.join(',')}]`),
  });
}

function toBatchId(id: string): string {
  return BigInt(id).toString(16).padStart(16, '0');
}

/** Nothing for a text that is no id of ours. */
function fromBatchId(text: string): string[] {
  return /^0[0-9a-f]{15}$/.test(text) ? [BigInt(`0x${text}`).toString()] : [];
}
