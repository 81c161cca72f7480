import { writeRawObject } from '@spiderhub/core';
import { z } from 'zod';
import { type Operation, operation } from '../../../http/operation.ts';
import { TextReply } from '../../../http/reply.ts';
import type { Parts } from '../../../parts.ts';
import { ProjectId } from '../schema.ts';

export function settingsOperations({ projects }: Parts): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/settings/get.json',
      summary: 'Settings of a project, in the layers that a crawl gets',
      action: 'settings.read',
      sends: ['application/json'],
      query: z.object({ project: ProjectId }),
    })(async ({ query, caller }) => {
      await caller.may(query.project);
      // Raw, so that numbers keep their digits.
      const settings = writeRawObject(await projects.settings(query.project));
      const body = `{"status":"ok","organization_settings":{},"project_settings":${settings},"enabled_addons":[]}`;
      return new TextReply('application/json', body);
    }),
  ];
}
