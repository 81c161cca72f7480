import { type ProjectUsage, type Remembered, remembered, type Turn, type UsageView } from '@spiderhub/core';

const ANSWERS = { trustMs: 60_000, most: 1000 };

/** What projects take. It reads all of a project's jobs, so an answer holds for a minute, and reads wait for their turn. */
export function usageOf(view: UsageView, turn: Turn): Remembered<number, ProjectUsage> {
  return remembered(async (project: number) => {
    const [usage] = await turn.run(project, () => view.usage(project));
    return usage ?? null;
  }, ANSWERS);
}
