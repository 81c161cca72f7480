import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Count, Done, Id, Name, None, OfProject, PathNumber, Time } from './fields.ts';
import { JobState, Outcome } from './jobs/fields.ts';
import { BoundedCount, JobQuery } from './jobs/list.ts';

/** One cause for which spiders want to be looked at. */
export const Concern = z
  .strictObject({
    /** `failed` and `cancelled by a limit`: how the last run ended; `unusual`: outside its band. */
    kind: z.enum(['failed', 'no items', 'fewer items', 'more items', 'lost field', 'not started']),
    /** One sentence. */
    cause: z.string(),
    closeReason: z.string().nullable(),
    /** The shape of the first error of the runs; null when they had none. */
    error: z.string().nullable(),
    /** How many spiders. */
    count: Count,
    /** At most 100 of them, by name. */
    spiders: z.array(
      z.strictObject({
        name: z.string(),
        number: Id.nullable(),
        /** The run in question; null where none started. */
        job: z.string().nullable(),
        at: Time.nullable(),
        items: Count.nullable(),
        /** Median of items where that is what is wrong. */
        usual: z.number().nullable(),
      }),
    ),
  })
  .meta({ id: 'Concern' });

export const Overview = z
  .strictObject({
    strip: z.strictObject({
      running: Count,
      pending: Count,
      /** Since when the job waits that has waited longest. */
      oldestPending: Time.nullable(),
      /** In the last 24 hours. */
      finished: BoundedCount,
      failed: BoundedCount,
    }),
    /** The one with the most spiders first. */
    concerns: z.array(Concern),
    /** Finished runs of the last 24 hours, at most 1,000, the newest first. */
    dots: z.array(
      z.strictObject({
        key: z.string(),
        spider: z.string(),
        outcome: Outcome.nullable(),
        pages: Count,
        items: Count,
        seconds: z.number().nullable(),
        at: Time,
      }),
    ),
    /** The steps of a new project. */
    steps: z.strictObject({ hasKey: z.boolean(), hasVersion: z.boolean(), hasJob: z.boolean() }),
  })
  .meta({ id: 'Overview' });

export const View = z
  .strictObject({
    id: Id,
    name: z.string(),
    q: z.string(),
    /** Everybody in the project sees it. */
    isShared: z.boolean(),
    createdBy: z.string(),
  })
  .meta({ id: 'View' });

export const overviewContracts = {
  readOverview: contract({
    id: 'readOverview',
    method: 'get',
    path: '/projects/:project/overview',
    summary: 'What goes on in a project, and what wants to be looked at',
    params: OfProject,
    query: None,
    body: null,
    reply: Overview,
    errors: READ_ERRORS,
  }),
  listProjectNumbers: contract({
    id: 'listProjectNumbers',
    method: 'get',
    path: '/overview',
    summary: 'Numbers of the projects that the caller is a member of',
    params: None,
    query: None,
    body: null,
    reply: z
      .strictObject({
        projects: z.array(
          z.strictObject({
            id: Id,
            pending: Count,
            running: Count,
            finished: Count,
            /** In the last 24 hours. */
            failed: BoundedCount,
            spiders: Count,
            lastJobAt: Time.nullable(),
          }),
        ),
      })
      .meta({ id: 'ProjectNumbers' }),
    errors: READ_ERRORS,
  }),
  search: contract({
    id: 'search',
    method: 'get',
    path: '/projects/:project/search',
    summary: 'Spiders by a part of their name, jobs by key, tags by their beginning',
    params: OfProject,
    query: z.strictObject({ q: z.string().max(200) }),
    body: null,
    reply: z
      .strictObject({
        spiders: z.array(z.strictObject({ number: Id, name: z.string() })),
        jobs: z.array(z.strictObject({ key: z.string(), spider: z.string(), state: JobState })),
        tags: z.array(z.string()),
        versions: z.array(z.string()),
      })
      .meta({ id: 'SearchResult' }),
    errors: READ_ERRORS,
  }),
  listViews: contract({
    id: 'listViews',
    method: 'get',
    path: '/projects/:project/views',
    summary: 'Saved filters of jobs: the own ones, and those of the project',
    params: OfProject,
    query: None,
    body: null,
    reply: z.strictObject({ views: z.array(View) }).meta({ id: 'ViewList' }),
    errors: READ_ERRORS,
  }),
  saveView: contract({
    id: 'saveView',
    method: 'post',
    path: '/projects/:project/views',
    summary: 'Save a filter of jobs under a name; one of the same name is replaced',
    params: OfProject,
    query: None,
    body: z.strictObject({ name: Name, q: JobQuery, isShared: z.boolean().optional() }),
    reply: View,
    errors: WRITE_ERRORS,
  }),
  deleteView: contract({
    id: 'deleteView',
    method: 'delete',
    path: '/projects/:project/views/:view',
    summary: 'Forget a saved filter',
    params: OfProject.extend({ view: PathNumber }),
    query: None,
    body: null,
    reply: Done,
    errors: WRITE_ERRORS,
  }),
};
