import { z } from 'zod';
import { deployReply, EGG_FIELDS } from '../../../http/egg-form.ts';
import { parseFields } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { ProjectId } from '../schema.ts';

const DeployFields = z.object({ project: ProjectId, ...EGG_FIELDS });

/** `shub deploy`: a stream of lines, whose last one is the verdict. */
export function addVersion(services: Parts): Operation {
  return operation({
    method: 'post',
    path: '/scrapyd/addversion.json',
    summary: 'Deploy a project egg; the last line of the answer is the verdict',
    action: 'project.deploy',
    takes: ['multipart/form-data'],
    sends: ['text/plain'],
    // shub takes a 403, not a 401, for a key that is not valid.
    statusOf: { unauthenticated: 403 },
  })(async ({ caller, incoming, requestId }) =>
    deployReply(services, incoming, {
      requestId,
      async read(fields) {
        const { project, version, stack = null } = parseFields(DeployFields, fields);
        await caller.may(project);
        return { project, version, stack, deployedBy: caller.actor };
      },
      verdict: ({ project, name, spiders }) => ({ project, version: name, spiders: spiders.length }),
    }),
  );
}
