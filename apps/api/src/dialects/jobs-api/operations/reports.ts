import { formatJobKey, jobErrors, parseJobKeysOf, requestErrors } from '@spiderhub/core';
import { z } from 'zod';
import { parseFields, Text } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { receiveUpload } from '../../../http/upload.ts';
import type { Parts } from '../../../parts.ts';
import { Ok, ProjectId } from '../schema.ts';

const LIMITS = { maxBytes: 50 * 1024 * 1024, maxFiles: 1 };

const ReportFields = z.object({
  project: ProjectId,
  job: Text,
  key: Text.min(1, 'is empty').max(255),
  content_type: Text.max(255).default('application/octet-stream'),
});

/** `Job.add_report` of the old client. */
export function reportOperations(services: Parts): Operation[] {
  return [
    operation({
      method: 'post',
      path: '/reports/add.json',
      summary: 'Keep a file about a job',
      action: 'reports.write',
      takes: ['multipart/form-data'],
      reply: Ok,
    })(async ({ caller, incoming }) => {
      const upload = await receiveUpload(incoming, services.uploadDir, LIMITS);
      try {
        const fields = parseFields(ReportFields, upload.fields);
        await caller.may(fields.project);
        const [job] = parseJobKeysOf(fields.project, [fields.job]);
        const file = upload.files.find(({ field }) => field === 'content');
        if (!job || !file) throw requestErrors.invalid('content', 'expected one file');
        const { sha256, sizeBytes } = await services.blobs.putFile(file.path);
        const report = { job, key: fields.key, contentType: fields.content_type, sha256, sizeBytes };
        const isSaved = await services.reports.save({ ...report, createdBy: caller.name });
        if (!isSaved) throw jobErrors.notFound(formatJobKey(job));
        return { status: 'ok' as const };
      } finally {
        await upload.remove();
      }
    }),
  ];
}
