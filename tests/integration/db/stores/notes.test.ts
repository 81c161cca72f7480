import {
  type CommentStore,
  type JobKey,
  type MarkerStore,
  type SavedViewStore,
  service,
} from '@spiderhub/core';
import { createCommentStore, createJobStore, createMarkerStore, createSavedViewStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest } from '../../../support/team.ts';

const me = service('me');

let db: TestDatabase;
let project: number;
let key: JobKey;

beforeAll(async () => {
  db = await createTestDatabase();
  project = (await makeTeam(db.database)).project;
});
afterAll(() => db.close());
beforeEach(async () => {
  const [made] = await createJobStore(db.database).schedule([
    scheduleRequest(project, 'a', { state: 'finished' }),
  ]);
  if (made?.outcome !== 'scheduled') throw new Error('not scheduled');
  key = { project, spider: made.spider, job: made.job };
});

describe('comments', () => {
  let comments: CommentStore;
  beforeAll(() => {
    comments = createCommentStore(db.database);
  });
  const texts = async (target: Parameters<CommentStore['list']>[0]) =>
    (await comments.list(target)).map(({ text }) => text);

  it('are found by job, item and field, the oldest first', async () => {
    await comments.add({ job: key, item: 0 }, 'of item 0', 'me');
    await comments.add({ job: key, item: 0, field: 'name' }, 'of its name', 'me');
    await comments.add({ job: key, item: 1, field: 'name' }, 'of the name of item 1', 'me');
    expect(await texts({ job: key })).toEqual(['of item 0', 'of its name', 'of the name of item 1']);
    expect(await texts({ job: key, item: 0 })).toEqual(['of item 0', 'of its name']);
    expect(await texts({ job: key, item: 0, field: 'name' })).toEqual(['of its name']);
    expect(await texts({ job: key, item: 0, field: '' })).toEqual([]);
    expect(await texts({ job: { ...key, job: key.job + 1 } })).toEqual([]);
  });

  it('take numbers of items beyond 32 bits, and no job that is not there', async () => {
    const item = Number.MAX_SAFE_INTEGER;
    const made = await comments.add({ job: key, item }, 'far', 'me');
    expect((await comments.find(made?.id ?? 0))?.item).toBe(item);
    expect(await comments.add({ job: { ...key, job: 9999 }, item: 0 }, 'x', 'me')).toBeNull();
    expect(await comments.find(999_999)).toBeNull();
  });

  it('are archived once, by whoever was first, and are still found by number', async () => {
    const made = await comments.add({ job: key, item: 0 }, 'old', 'me');
    const id = made?.id ?? 0;
    await comments.archive(id, 'ann');
    const at = (await comments.find(id))?.archivedAt;
    await comments.archive(id, 'bob');
    expect((await comments.find(id))?.archivedAt).toEqual(at);
    expect(await db.database('comments').where({ id }).first('archived_by')).toEqual({ archived_by: 'ann' });
    expect(await texts({ job: key })).toEqual([]);
  });

  it('are archived of an item with its fields, or of one field', async () => {
    for (const [item, field] of [
      [0, undefined],
      [0, 'name'],
      [0, 'price'],
      [1, 'name'],
    ] as const)
      await comments.add({ job: key, item, ...(field && { field }) }, `${item} ${field}`, 'me');
    await comments.archiveAll({ job: key, item: 0, field: 'name' }, 'me');
    expect(await texts({ job: key })).toEqual(['0 undefined', '0 price', '1 name']);
    await comments.archiveAll({ job: key, item: 0 }, 'me');
    expect(await texts({ job: key })).toEqual(['1 name']);
  });

  it('count items and not comments, and items without an open one not at all', async () => {
    for (const item of [0, 0, 1, 2]) await comments.add({ job: key, item }, 'x', 'me');
    await comments.archiveAll({ job: key, item: 2 }, 'me');
    const counts = await comments.itemCounts(project);
    expect(counts.filter(({ job }) => job.job === key.job)).toEqual([{ job: key, items: 2 }]);
    expect(await comments.itemCounts(999_999)).toEqual([]);
  });

  it('keep who wrote them when somebody edits the text', async () => {
    const made = await comments.add({ job: key, item: 0 }, 'old', 'ann');
    await comments.edit(made?.id ?? 0, 'new');
    expect(await comments.find(made?.id ?? 0)).toEqual({ ...made, text: 'new' });
  });
});

describe('saved views', () => {
  let views: SavedViewStore;
  let ann: number;
  beforeAll(async () => {
    views = createSavedViewStore(db.database);
    ann = (await db.database('users').insert({ name: 'ann' }).returning('id'))[0].id;
  });
  beforeEach(() => db.database('saved_views').delete());
  const view = (name: string, user: number | null = null) => ({
    name,
    q: `q of ${name}`,
    user,
    createdBy: 'me',
  });

  it('are one for each name and owner, the last text counts', async () => {
    const [mine, ours] = [
      await views.save(me, project, view('slow', ann)),
      await views.save(me, project, view('slow')),
    ];
    const again = await views.save(me, project, { ...view('slow'), q: 'another' });
    expect(again?.id).toBe(ours?.id);
    expect(new Map((await views.list(project, ann)).map(({ id, q }) => [id, q]))).toEqual(
      new Map([
        [mine?.id, 'q of slow'],
        [ours?.id, 'another'],
      ]),
    );
  });

  it('are seen by everybody, or by their owner alone', async () => {
    await views.save(me, project, view('mine', ann));
    await views.save(me, project, view('everyone’s'));
    const names = async (user: number | null) => (await views.list(project, user)).map(({ name }) => name);
    expect([await names(ann), await names(null), await names(999_999)]).toEqual([
      ['everyone’s', 'mine'],
      ['everyone’s'],
      ['everyone’s'],
    ]);
  });

  it('are a thousand of a project at most, of which each may still be replaced', async () => {
    await db.database('saved_views').insert(
      Array.from({ length: 1000 }, (_, i) => ({
        project_id: project,
        name: `v${i}`,
        q: 'q',
        created_by: 'me',
      })),
    );
    expect(await views.save(me, project, view('one more'))).toBeNull();
    expect(await views.save(me, project, view('v7', ann))).toBeNull();
    expect(await views.save(me, project, { ...view('v7'), q: 'new' })).toMatchObject({
      name: 'v7',
      q: 'new',
    });
  });

  it('become one when two save the same name in the same moment', async () => {
    const both = await Promise.all(['x', 'y'].map((q) => views.save(me, project, { ...view('same'), q })));
    expect(new Set(both.map((each) => each?.id)).size).toBe(1);
    expect(await views.list(project, null)).toHaveLength(1);
  });
});

describe('markers', () => {
  let markers: MarkerStore;
  beforeAll(() => {
    markers = createMarkerStore(db.database);
  });
  const indexes = async (tag: string) =>
    await db
      .database('pg_indexes')
      .whereRaw('right(indexname, ?) = ?', [tag.length + 1, `_${tag}`])
      .orderBy('indexname')
      .pluck('indexname');

  it('are two indexes for a tag, made once and removed with their line in the audit log', async () => {
    expect(await markers.list()).toEqual([{ tag: 'consumed' }]);
    expect(await markers.create(me, 'Sent.to-x_1')).toEqual({ value: { tag: 'Sent.to-x_1' }, created: true });
    expect(await markers.create(me, 'Sent.to-x_1')).toEqual({
      value: { tag: 'Sent.to-x_1' },
      created: false,
    });
    expect(await indexes('Sent.to-x_1')).toEqual([
      'jobs_lacking_Sent.to-x_1',
      'jobs_of_spider_lacking_Sent.to-x_1',
    ]);
    expect(await markers.list()).toEqual([{ tag: 'consumed' }, { tag: 'Sent.to-x_1' }]);
    await markers.remove(me, 'Sent.to-x_1');
    expect(await indexes('Sent.to-x_1')).toEqual([]);
    const noted = await db
      .database('audit_log')
      .where({ object: 'tag Sent.to-x_1' })
      .orderBy('id')
      .pluck('action');
    expect(noted).toEqual(['marker.made', 'marker.removed']);
  });

  it('are made again when one of the two is missing', async () => {
    await markers.create(me, 'half');
    await db.database.raw('drop index "jobs_of_spider_lacking_half"');
    expect(await markers.list()).toEqual([{ tag: 'consumed' }]);
    expect((await markers.create(me, 'half')).created).toBe(true);
    expect(await indexes('half')).toHaveLength(2);
  });

  it.each(['', 'a b', 'a"b', "a'b", 'a}', 'ä', 'x'.repeat(41), 'a,b', '{'])(
    'refuses %j as a tag',
    async (tag) => {
      await expect(markers.create(me, tag)).rejects.toMatchObject({ kind: 'invalid' });
      await expect(markers.remove(me, tag)).rejects.toMatchObject({ kind: 'not_found' });
    },
  );

  it('keeps the built-in one', async () => {
    await expect(markers.remove(me, 'consumed')).rejects.toMatchObject({ code: 'marker_not_found' });
    await expect(markers.remove(me, 'unknown')).rejects.toMatchObject({ code: 'marker_not_found' });
    expect((await markers.create(me, 'consumed')).created).toBe(false);
  });
});
