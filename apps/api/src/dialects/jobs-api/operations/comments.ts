import {
  type Caller,
  type Comment,
  type CommentTarget,
  commentErrors,
  DomainError,
  formatJobKey,
  jobErrors,
} from '@spiderhub/core';
import { z } from 'zod';
import { expected, Text } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { apikeyField, Ok, ProjectId } from '../schema.ts';

const MAX_TEXT = 10_000;
const JobPath = z.object({ project: ProjectId, spider: ProjectId, job: ProjectId });
const ItemPath = JobPath.extend({
  item: z
    .string()
    .regex(/^\d{1,15}$/, "expected an item's number")
    .transform(Number),
  field: z.string().max(1000).optional(),
});
const CommentPath = z.object({
  comment: z
    .string({ error: expected("a comment's number") })
    .regex(/^\d{1,15}$/, "expected a comment's number")
    .transform(Number),
});
const CommentObject = z
  .object({
    id: z.int(),
    text: z.string(),
    author: z.string(),
    avatar: z.null(),
    created: z.string(),
    archived: z.string().nullable(),
    editable: z.boolean(),
  })
  .meta({ id: 'ScrapinghubComment' });
type CommentObject = z.output<typeof CommentObject>;
const CommentText = z.object({ text: Text.trim().min(1, 'is empty').max(MAX_TEXT), ...apikeyField });

const ITEM = '/comments/:project/:spider/:job/:item';
const FIELD = `${ITEM}/:field`;

/** Notes on items and their fields. */
export function commentOperations(services: Parts): Operation[] {
  return [
    countComments(services),
    listOfJob(services),
    listOfItem(services),
    listOfField(services),
    ...[ITEM, FIELD].flatMap((path) => [addComment(services, path), archiveOfItem(services, path)]),
    editComment(services),
    archiveComment(services),
  ];
}

const countComments = ({ comments }: Parts) =>
  operation({
    method: 'get',
    path: '/comments/:project/stats',
    summary: 'For each job the number of items with comments',
    action: 'comments.read',
    reply: z.record(z.string(), z.int()),
    params: z.object({ project: ProjectId }),
  })(async ({ params: { project }, caller }) => {
    await caller.may(project);
    const counts = await comments.itemCounts(project);
    return Object.fromEntries(counts.map(({ job, items }) => [formatJobKey(job), items]));
  });

const listOfJob = ({ comments }: Parts) =>
  operation({
    method: 'get',
    path: '/comments/:project/:spider/:job',
    summary: 'Comments of a job, by item or item/field',
    action: 'comments.read',
    reply: z.record(z.string(), z.array(CommentObject)),
    params: JobPath,
  })(async ({ params: job, caller }) => {
    await caller.may(job.project);
    return byPlace(await comments.list({ job }), await editorOf(caller, job.project));
  });

const listOfItem = ({ comments }: Parts) =>
  operation({
    method: 'get',
    path: ITEM,
    summary: 'Comments of an item and its fields, by item or item/field',
    action: 'comments.read',
    reply: z.record(z.string(), z.array(CommentObject)),
    params: ItemPath,
  })(async ({ params, caller }) => {
    await caller.may(params.project);
    return byPlace(await comments.list(targetOf(params)), await editorOf(caller, params.project));
  });

const listOfField = ({ comments }: Parts) =>
  operation({
    method: 'get',
    path: FIELD,
    summary: 'Comments of a field of an item',
    action: 'comments.read',
    reply: z.array(CommentObject),
    params: ItemPath,
  })(async ({ params, caller }) => {
    await caller.may(params.project);
    const editor = await editorOf(caller, params.project);
    return (await comments.list(targetOf(params))).map((comment) => commentObject(comment, editor));
  });

const addComment = ({ comments }: Parts, path: string) =>
  operation({
    method: 'post',
    path,
    summary: 'Add a comment to an item or a field of it',
    action: 'comments.write',
    reply: CommentObject,
    params: ItemPath,
    body: CommentText,
  })(async ({ params, body, caller }) => {
    await caller.may(params.project);
    const target = targetOf(params);
    const added = await comments.add(target, body.text, caller.name);
    if (!added) throw jobErrors.notFound(formatJobKey(target.job));
    return commentObject(added, await editorOf(caller, params.project));
  });

const archiveOfItem = ({ comments }: Parts, path: string) =>
  operation({
    method: 'delete',
    path,
    summary: 'Archive comments of an item or a field of it',
    action: 'comments.write',
    reply: Ok,
    params: ItemPath,
  })(async ({ params, caller }) => {
    await caller.may(params.project);
    await comments.archiveAll(targetOf(params), caller.name);
    return { status: 'ok' as const };
  });

const editComment = (services: Parts) =>
  operation({
    method: 'put',
    path: '/comments/:comment',
    summary: 'Change the text of a comment',
    action: 'comments.write',
    reply: CommentObject,
    alsoAsks: ['comments.moderate'],
    params: CommentPath,
    body: CommentText,
  })(async ({ params, body, caller }) => {
    const comment = await ownComment(services, caller, params.comment);
    await services.comments.edit(comment.id, body.text);
    return commentObject({ ...comment, text: body.text }, await editorOf(caller, comment.job.project));
  });

const archiveComment = (services: Parts) =>
  operation({
    method: 'delete',
    path: '/comments/:comment',
    summary: 'Archive a comment',
    action: 'comments.write',
    reply: Ok,
    alsoAsks: ['comments.moderate'],
    params: CommentPath,
  })(async ({ params, caller }) => {
    const comment = await ownComment(services, caller, params.comment);
    await services.comments.archive(comment.id, caller.name);
    return { status: 'ok' as const };
  });

/** No project has this number. */
const NOWHERE = 0;

/** A comment of a project that the caller does not reach is answered like one that does not exist. */
async function ownComment({ comments }: Parts, caller: Caller, id: number): Promise<Comment> {
  const missing = commentErrors.notFound(id);
  const comment = await comments.find(id);
  // Also for one that there is not: it has to be refused like a foreign one, by the same way.
  await caller.may(comment?.job.project ?? NOWHERE).catch((error: unknown) => {
    throw error instanceof DomainError && error.kind === 'not_found' ? missing : error;
  });
  if (!comment) throw missing;
  if (!isEditable(comment, await editorOf(caller, comment.job.project))) throw commentErrors.notTheAuthor();
  return comment;
}

/** Who may change which comments. */
interface Editor {
  name: string;
  /** Others' comments, too. */
  moderates: boolean;
}

async function editorOf(caller: Caller, project: number): Promise<Editor> {
  return { name: caller.name, moderates: await caller.allows('comments.moderate', project) };
}

function isEditable(comment: Comment, { name, moderates }: Editor): boolean {
  return comment.archivedAt === null && (moderates || comment.author === name);
}

function targetOf({
  project,
  spider,
  job,
  item,
  field,
}: z.output<typeof ItemPath>): CommentTarget & { item: number } {
  return { job: { project, spider, job }, item, ...(field !== undefined && { field }) };
}

function byPlace(comments: readonly Comment[], editor: Editor): Record<string, CommentObject[]> {
  const places = new Map<string, CommentObject[]>();
  for (const comment of comments) {
    const place = comment.field === null ? String(comment.item) : `${comment.item}/${comment.field}`;
    places.set(place, [...(places.get(place) ?? []), commentObject(comment, editor)]);
  }
  return Object.fromEntries(places);
}

function commentObject(comment: Comment, editor: Editor): CommentObject {
  return {
    id: comment.id,
    text: comment.text,
    author: comment.author,
    avatar: null,
    created: comment.createdAt.toISOString(),
    archived: comment.archivedAt?.toISOString() ?? null,
    editable: isEditable(comment, editor),
  };
}
