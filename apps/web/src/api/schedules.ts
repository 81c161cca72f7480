import type { scheduleContracts } from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Schedules = typeof scheduleContracts;

export type Schedule = ReplyOf<Schedules['list']>['schedules'][number];
export type ScheduleTask = Schedule['tasks'][number];
export type ScheduleRun = ReplyOf<Schedules['runs']>['runs'][number];
export type RunOutcome = ScheduleRun['outcome'];

const ALL = '/projects/:project/schedules';
const ONE = `${ALL}/:schedule`;

export const listSchedules = operation<Schedules['list']>('listSchedules', 'get', ALL);
export const createSchedule = operation<Schedules['create']>('createSchedule', 'post', ALL);
export const previewSchedule = operation<Schedules['preview']>('previewSchedule', 'post', `${ALL}/preview`);
export const readSchedule = operation<Schedules['read']>('readSchedule', 'get', ONE);
export const changeSchedule = operation<Schedules['change']>('changeSchedule', 'patch', ONE);
export const removeSchedule = operation<Schedules['remove']>('removeSchedule', 'delete', ONE);
export const listScheduleRuns = operation<Schedules['runs']>('listScheduleRuns', 'get', `${ONE}/runs`);
export const runSchedule = operation<Schedules['run']>('runSchedule', 'post', `${ONE}/run`);

/** A plan, as it is sent. */
export type SchedulePlan = Parameters<typeof createSchedule>[0]['body'];
