import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';

const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What axe finds against WCAG 2.2 AA on the page as it is now, or of its colours alone: a line for each fault. */
export async function faultsOf(page: Page, { onlyColours = false } = {}): Promise<string[]> {
  // The other mode opens a page beside, for frames, of which we have none.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (onlyColours
    ? axe.withRules('color-contrast')
    : axe.withTags(LEVELS)
  ).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary?.split('\n')[1]}`),
  );
}
