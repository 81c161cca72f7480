import type { Service } from '../call.ts';
import type { ServiceName } from '../wire/reply.ts';
import { addversion } from './addversion.ts';
import { cancel, daemonstatus, status } from './jobs.ts';
import { listjobs } from './listjobs.ts';
import { delproject, delversion, listprojects, listspiders, listversions } from './projects.ts';
import { schedule } from './schedule.ts';

export const HANDLERS: Record<ServiceName, Service> = {
  'addversion.json': addversion,
  'cancel.json': cancel,
  'daemonstatus.json': daemonstatus,
  'delproject.json': delproject,
  'delversion.json': delversion,
  'listjobs.json': listjobs,
  'listprojects.json': listprojects,
  'listspiders.json': listspiders,
  'listversions.json': listversions,
  'schedule.json': schedule,
  'status.json': status,
};
