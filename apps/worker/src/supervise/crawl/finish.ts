import type { AttemptStore, EndAnswer, FinishReport } from '@spiderhub/core';
import { type Logger, untilAnswered } from '@spiderhub/platform';

export async function finishAttempt(
  attempts: AttemptStore,
  { id, attempt }: { id: number; attempt: number },
  report: FinishReport,
  log: Logger,
  signal?: AbortSignal,
): Promise<EndAnswer> {
  const answer = await untilAnswered(() => attempts.finish(id, attempt, report), log, signal);
  const fields = { closeReason: report.closeReason, ...report.counts };
  if (answer === 'finished') log.info(fields, 'job finished');
  else if (answer === 'requeued') log.info(fields, 'job goes back to the queue');
  else log.warn({ ...fields, answer }, 'outcome was refused');
  return answer;
}
