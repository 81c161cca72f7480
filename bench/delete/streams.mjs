import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Jobs of one spider whose streams lie in one object, as they do once they were packed. */
const PACKED = 1000;
const STREAMS = ['items', 'logs'];

/** Ten items and ten lines of log for each of `each` jobs of each spider, where the service keeps its streams. */
export async function fillStreams(where) {
  await (where.service.storage.objects ? fillObjects(where) : fillFiles(where));
}

/** One job's streams are written as a crawl writes them; all others get the same files. */
async function fillFiles({ service: { project, home, storage }, spiders, each }) {
  const root = join(home, 'data/streams');
  await writeJob(storage.streams, { project, spider: 1, job: 1 });
  const first = join(root, `${project}/1/1/1`);
  const files = readdirSync(first).map((name) => [name, readFileSync(join(first, name))]);
  for (let spider = 1; spider <= spiders; spider++) {
    for (let job = 1; job <= each; job++) {
      if (spider === 1 && job === 1) continue;
      const directory = join(root, `${project}/${spider}/${job}/1`);
      mkdirSync(directory, { recursive: true });
      for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
    }
  }
}

/** The first jobs' streams are written as crawls write them and packed; all others get copies of the object and its rows. */
async function fillObjects({ database, service, spiders, each }) {
  const { project, storage } = service;
  const { keeper, objects } = storage.objects;
  const jobs = Math.min(PACKED, each);
  for (let job = 1; job <= jobs; job++) await writeJob(storage.streams, { project, spider: 1, job });
  await storage.settled();
  // As if they had waited for others.
  await database('stream_heads').update({ ready_at: database.raw("now() - interval '1 hour'") });
  while ((await keeper.pack()).more);
  const packed = await database('stream_extents').distinct('object').pluck('object');
  if (packed.length !== 1) throw new Error(`${packed.length} objects instead of one`);
  const { body } = await objects.readPart(packed[0], 0, 2 ** 30);
  for (let spider = 1; spider <= spiders; spider++)
    for (let from = 0; from < each; from += jobs) {
      if (spider === 1 && from === 0) continue;
      const object = `${packed[0]}-${spider}-${from}`;
      await objects.put(object, body);
      await copyRows(database, { spider, from, object, last: each });
    }
}

async function copyRows(database, where) {
  await database.raw(
    `with made as (
      insert into stream_heads (project_id, spider, job, attempt, stream, end_no, members_end, last_ts, version, base_stats,
        tail_bytes, tail_pieces, object_bytes, state, ready_at)
      select h.project_id, :spider, h.job + :from, h.attempt, h.stream, h.end_no, h.members_end, h.last_ts, h.version,
        h.base_stats, h.tail_bytes, h.tail_pieces, h.object_bytes, h.state, h.ready_at
      from stream_heads h where h.spider = 1 and h.job <= :packed and h.job + :from <= :last
      returning id, job, stream)
    insert into stream_extents (head_id, first, end_no, object, members)
    select made.id, x.first, x.end_no, :object, x.members
    from made join stream_heads h on h.spider = 1 and h.job = made.job - :from and h.stream = made.stream
      join stream_extents x on x.head_id = h.id`,
    { ...where, packed: PACKED },
  );
}

async function writeJob(streams, key) {
  for (const stream of STREAMS) {
    const writer = await streams.openWriter({ key, attempt: 1, stream });
    for (let n = 0; n < 10; n++) writer.append([Buffer.from(`{"n":${n},"message":"${'x'.repeat(80)}"}`)]);
    await writer.seal();
  }
}

/** Removes what nothing names any more, as the leader does once it was garbage for long enough; tells what is stored then. */
export async function leftOfStreams({ database, service: { home, storage } }) {
  if (!storage.objects) {
    const found = readdirSync(join(home, 'data'), { recursive: true, withFileTypes: true });
    return { files: found.filter((entry) => entry.isFile()).length };
  }
  await database('stream_garbage').update({ since: database.raw("now() - interval '1 day'") });
  while ((await storage.objects.keeper.collect()).more);
  const left = [];
  for await (const { key } of storage.objects.objects.list('')) left.push(key);
  const [{ count }] = await database('stream_heads').count();
  return { objects: left.length, 'rows of streams': Number(count) };
}
