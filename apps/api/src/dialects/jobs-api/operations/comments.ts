import {
  type Comment,
  type CommentTarget,
  commentErrors,
  DomainError,
  formatJobKey,
  jobErrors,
  type Principal,
} from '@spiderhub/core';
import { z } from 'zod';
import { expected, Text } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { apikeyField, ProjectId } from '../schema.ts';

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
const CommentText = z.object({ text: Text.trim().min(1, 'is empty').max(MAX_TEXT), ...apikeyField });

const ITEM_PATHS = ['/comments/:project/:spider/:job/:item', '/comments/:project/:spider/:job/:item/:field'];

/** Notes on items and their fields. */
export function commentOperations(services: Parts): Operation[] {
  return [
    countComments(services),
    listOfJob(services),
    ...ITEM_PATHS.flatMap((path) => [
      listOfItem(services, path),
      addComment(services, path),
      archiveOfItem(services, path),
    ]),
    editComment(services),
    archiveComment(services),
  ];
}

const countComments = ({ access, comments }: Parts) =>
  operation({
    method: 'get',
    path: '/comments/:project/stats',
    summary: 'For each job the number of items with comments',
    params: z.object({ project: ProjectId }),
  })(async ({ params: { project }, who }) => {
    await access.project(who, project);
    const counts = await comments.itemCounts(project);
    return Object.fromEntries(counts.map(({ job, items }) => [formatJobKey(job), items]));
  });

const listOfJob = ({ access, comments }: Parts) =>
  operation({
    method: 'get',
    path: '/comments/:project/:spider/:job',
    summary: 'Comments of a job, by item or item/field',
    params: JobPath,
  })(async ({ params: job, who }) => {
    await access.project(who, job.project);
    return byPlace(await comments.list({ job }), who);
  });

const listOfItem = ({ access, comments }: Parts, path: string) =>
  operation({ method: 'get', path, summary: 'Comments of an item or a field of it', params: ItemPath })(
    async ({ params, who }) => {
      await access.project(who, params.project);
      return (await comments.list(targetOf(params))).map((comment) => commentObject(comment, who));
    },
  );

const addComment = ({ access, comments }: Parts, path: string) =>
  operation({
    method: 'post',
    path,
    summary: 'Add a comment to an item or a field of it',
    params: ItemPath,
    body: CommentText,
  })(async ({ params, body, who }) => {
    await access.project(who, params.project);
    const target = targetOf(params);
    const added = await comments.add(target, body.text, who.name);
    if (!added) throw jobErrors.notFound(formatJobKey(target.job));
    return commentObject(added, who);
  });

const archiveOfItem = ({ access, comments }: Parts, path: string) =>
  operation({
    method: 'delete',
    path,
    summary: 'Archive comments of an item or a field of it',
    params: ItemPath,
  })(async ({ params, who }) => {
    await access.project(who, params.project);
    await comments.archiveAll(targetOf(params), who.name);
    return { status: 'ok' };
  });

const editComment = (services: Parts) =>
  operation({
    method: 'put',
    path: '/comments/:comment',
    summary: 'Change the text of a comment',
    params: CommentPath,
    body: CommentText,
  })(async ({ params, body, who }) => {
    const comment = await ownComment(services, who, params.comment);
    await services.comments.edit(comment.id, body.text);
    return commentObject({ ...comment, text: body.text }, who);
  });

const archiveComment = (services: Parts) =>
  operation({
    method: 'delete',
    path: '/comments/:comment',
    summary: 'Archive a comment',
    params: CommentPath,
  })(async ({ params, who }) => {
    const comment = await ownComment(services, who, params.comment);
    await services.comments.archive(comment.id, who.name);
    return { status: 'ok' };
  });

/** A comment of a project that the caller does not reach is answered like one that does not exist. */
async function ownComment({ access, comments }: Parts, who: Principal, id: number): Promise<Comment> {
  const missing = commentErrors.notFound(id);
  const comment = await comments.find(id);
  if (!comment) throw missing;
  await access.project(who, comment.job.project).catch((error: unknown) => {
    throw error instanceof DomainError && error.kind === 'not_found' ? missing : error;
  });
  if (!isEditable(comment, who)) throw commentErrors.notTheAuthor();
  return comment;
}

function isEditable(comment: Comment, who: Principal): boolean {
  return comment.archivedAt === null && (who.staff || comment.author === who.name);
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

function byPlace(comments: readonly Comment[], who: Principal): Record<string, unknown[]> {
  const places = new Map<string, unknown[]>();
  for (const comment of comments) {
    const place = comment.field === null ? String(comment.item) : `${comment.item}/${comment.field}`;
    places.set(place, [...(places.get(place) ?? []), commentObject(comment, who)]);
  }
  return Object.fromEntries(places);
}

function commentObject(comment: Comment, who: Principal) {
  return {
    id: comment.id,
    text: comment.text,
    author: comment.author,
    avatar: null,
    created: comment.createdAt.toISOString(),
    archived: comment.archivedAt?.toISOString() ?? null,
    editable: isEditable(comment, who),
  };
}
