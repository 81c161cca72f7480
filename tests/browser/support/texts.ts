import type { Page } from 'playwright-core';

/** As much of the browser's document as is looked at: tests are no pages, and have no types of one. */
interface Text {
  nodeType: number;
  nodeValue: string | null;
  textContent: string | null;
  nextSibling: Text | null;
  parentElement: Box | null;
}
interface Box extends Text {
  tagName: string;
  scrollWidth: number;
  clientWidth: number;
  ownerDocument: {
    createTreeWalker(root: Box, shown: number): { nextNode(): Text | null };
    defaultView: { innerWidth: number; getComputedStyle(element: Box): Style };
  };
  getAttribute(name: string): string | null;
  getBoundingClientRect(): { right: number };
  closest(selector: string): Box | null;
  querySelector(selector: string): Box | null;
  querySelectorAll(selector: string): Iterable<Box>;
}
interface Style {
  display: string;
  overflowX: string;
}

/** What is wrong with how texts are shown: wider than the screen, taken for markup, or turning what stands beside them. */
export function faultsOfTexts(page: Page): Promise<string[]> {
  return page.locator('html').evaluate(lookAt);
}

/** Runs in the page, and so holds all that it needs. */
function lookAt(root: Box): string[] {
  const { defaultView: view } = root.ownerDocument;
  const styleOf = (element: Box) => view.getComputedStyle(element);
  const nameOf = (element: Box) => `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`;

  function tooWide(): string[] {
    const wide = root.scrollWidth - view.innerWidth;
    const dialogs = [...root.querySelectorAll('.dialog .body')].filter(
      ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1,
    );
    if (wide <= 0)
      return dialogs.map(({ clientWidth }) => `a dialog scrolls sideways in ${clientWidth} pixels`);
    const isClipped = ({ parentElement: above }: Box): boolean =>
      above !== null && (styleOf(above).overflowX !== 'visible' || isClipped(above));
    const beyond = [...root.querySelectorAll('#root *')].filter(
      (each) => each.getBoundingClientRect().right > view.innerWidth + 1 && !isClipped(each),
    );
    return [`${wide} pixels too wide: ${beyond.slice(0, 4).map(nameOf).join(', ')}`];
  }

  /** What stands in a text after a mark that turns it and that is open still, and whether it is at the end. */
  function turnedIn(text: string): { turned: string; isOpen: boolean } {
    const [, ...parts] = text.split('\u202e');
    const last = parts.at(-1) ?? '';
    const isOpen = parts.length > 0 && !last.includes('\u2069');
    return {
      turned: parts.map((part) => part.split('\u2069')[0]?.replace(/^W+/, '') ?? '').join(''),
      isOpen,
    };
  }
  const LETTER = /[\p{L}\p{N}]/u;

  /** What follows in the same line: a text may also end the isolation of elements that it lies in, but not of boxes. */
  function turnedBeside(node: Text, parent: Box): string[] {
    const { display } = styleOf(parent);
    // Each text in such an element is a paragraph of its own.
    if (/flex|grid/.test(display)) return [];
    const found: string[] = [];
    for (let next = node.nextSibling; next; next = next.nextSibling) {
      if (next.nodeType === 1 && !styleOf(next as Box).display.startsWith('inline')) return found;
      if (LETTER.test(next.textContent ?? '')) found.push(next.textContent?.slice(0, 40) ?? '');
    }
    const above = parent.parentElement;
    return display === 'inline' && above ? [...found, ...turnedBeside(parent, above)] : found;
  }

  const faults = new Set(tooWide());
  if (root.querySelector('img[src="x"], body script:not([src])')) faults.add('an element came from a text');
  const walker = root.ownerDocument.createTreeWalker(root, 4);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!parent || parent.closest('pre, option, title, textarea, script, style')) continue;
    const { turned, isOpen } = turnedIn(node.nodeValue ?? '');
    if (LETTER.test(turned)) faults.add(`${nameOf(parent)} turns its own “${turned.slice(0, 40)}”`);
    if (!isOpen) continue;
    for (const beside of turnedBeside(node, parent)) faults.add(`${nameOf(parent)} turns “${beside}”`);
  }
  return [...faults];
}
