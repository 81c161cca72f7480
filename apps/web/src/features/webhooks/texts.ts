import type { DeliveryState } from '../../api/webhooks.ts';

/** What can be sent, by what it is about. */
export const EVENT_GROUPS: readonly (readonly [about: string, types: readonly string[]])[] = [
  [
    'Jobs',
    [
      'job.scheduled',
      'job.started',
      'job.requeued',
      'job.finished',
      'job.cancelled',
      'job.deleted',
      'job.restored',
      'job.tagged',
    ],
  ],
  ['Periodic jobs', ['schedule.skipped', 'schedule.failed', 'schedule.disabled']],
  ['Others', ['version.deployed', 'project.reported', 'webhook.disabled']],
];

export const STATES: Record<DeliveryState, { word: string; kind: string }> = {
  waiting: { word: 'waiting', kind: 'retrying' },
  delivered: { word: 'delivered', kind: 'finished' },
  failed: { word: 'failed', kind: 'failed' },
};
