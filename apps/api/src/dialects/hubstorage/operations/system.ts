import { z } from 'zod';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { JSON_TEXT, rawJson } from '../replies.ts';
import { Name } from '../schema.ts';

const GroupPath = z.object({ group: Name });

export function systemOperations({ now }: Parts): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/system/ts',
      summary: 'The time, ms since the epoch',
      action: 'open',
      sends: JSON_TEXT,
    })(async () => rawJson(String(now().getTime()))),
    // Worker groups have no limits of their own here; projects name the groups that serve them in their settings.
    operation({
      method: 'post',
      path: '/botgroups/:group/max_running',
      summary: 'Accepted and without effect',
      action: 'any key',
      sends: JSON_TEXT,
      params: GroupPath,
    })(async () => rawJson('null')),
    operation({
      method: 'delete',
      path: '/botgroups/:group',
      summary: 'Accepted and without effect',
      action: 'any key',
      sends: JSON_TEXT,
      params: GroupPath,
    })(async () => rawJson('null')),
  ];
}
