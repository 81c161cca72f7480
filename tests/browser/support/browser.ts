import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const SLOWEST_MS = 60_000;
/** Where the picture of a failed test lies. */
const PICTURES = resolve(__dirname, '../../../.spiderhub/browser');

/** Chromium of this machine, or of `CHROMIUM`; null when there is none. */
export function findChromium(): string | null {
  return [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path)) ?? null;
}

/**
 * Tests that need a browser. Without one they are skipped and say so in a line; with `CI=true` that is a failure, since
 * nobody would read the line.
 */
export function describeInBrowser(name: string, tests: () => void): void {
  if (findChromium() !== null) {
    describe(name, tests);
    return;
  }
  if (process.env.CI === 'true') {
    it(`${name}: finds a Chromium`, () => {
      throw new Error('There is no Chromium: apt-get install chromium, or say where it is in CHROMIUM');
    });
    return;
  }
  process.stderr.write(`Browser tests skipped, there is no Chromium (apt-get install chromium): ${name}\n`);
  describe.skip(name, tests);
}

export interface Window {
  page: Page;
  context: BrowserContext;
  /** What the page complained about: errors, refused content, failed scripts. A test looks at it at its end. */
  complaints: string[];
}

/** One Chromium for a file of tests. */
export class Chromium {
  private browser: Browser | null = null;
  private readonly windows: Window[] = [];

  async start(): Promise<void> {
    this.browser = await chromium.launch({
      executablePath: findChromium() ?? '',
      // Tests run as root in containers, where Chromium's own sandbox does not start.
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    });
  }

  async stop(): Promise<void> {
    await this.browser?.close();
  }

  /** A browser that nobody has used, with one window. */
  async open(
    options: { width?: number; height?: number; colorScheme?: 'light' | 'dark' } = {},
  ): Promise<Window> {
    const { width = 1280, height = 800, colorScheme = 'light' } = options;
    if (!this.browser) throw new Error('the browser is not started');
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
    });
    context.setDefaultTimeout(SLOWEST_MS);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => {
      complaints.push(`a dialog of the browser: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const window = { page, context, complaints };
    this.windows.push(window);
    return window;
  }

  /** Closes all windows, and keeps a picture of each when the test failed. */
  async closeAll(failed: string | null): Promise<void> {
    for (const [i, { page, context }] of this.windows.splice(0).entries()) {
      if (failed !== null) {
        await mkdir(PICTURES, { recursive: true });
        const name = `${failed.replaceAll(/\W+/g, '-').slice(0, 80)}-${i}.png`;
        await page.screenshot({ path: join(PICTURES, name) }).catch(() => {});
      }
      await context.close();
    }
  }
}

/** An answer with a status of errors is told to the console by Chromium itself; a test that wants one forgives it. */
export const expectedRefusal = (status: number) => new RegExp(`status of ${status}`);

/** What Chromium says of a service that does not answer. */
export const NOT_REACHED =
  /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|SOCKET_NOT_CONNECTED)/;

/** What is left of the complaints without those that a test has caused on purpose. */
export function unexpected({ complaints }: Window, ...forgiven: RegExp[]): string[] {
  return complaints.filter((complaint) => !forgiven.some((pattern) => pattern.test(complaint)));
}
