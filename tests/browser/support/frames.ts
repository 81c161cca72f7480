import type { Page } from 'playwright-core';

/**
 * Resolves when the page was drawn as it is now: scrolling and new sizes are heard of in a frame, and a Chromium without a
 * screen has put the next one off for a minute on a busy machine. Whoever takes a picture gets one.
 */
export async function drawn(page: Page): Promise<void> {
  await page.screenshot({ clip: { x: 0, y: 0, width: 1, height: 1 } });
}
