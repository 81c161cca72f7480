import { renderDemoPage } from './demo-site.ts';

function links(page: string | null, pattern: RegExp): string[] {
  return [...(page ?? '').matchAll(pattern)].map((match) => match[1] ?? '');
}

const BOOK_LINK = /<li class="book"><a href="([^"]+)"/g;
const NEXT_LINK = /<a class="next" href="([^"]+)"/g;

function follow(start: string): string[] {
  const found: string[] = [];
  for (let path: string | undefined = start; path !== undefined; ) {
    const page = renderDemoPage(path);
    found.push(...links(page, BOOK_LINK));
    path = links(page, NEXT_LINK)[0];
  }
  return found;
}

describe('demo site', () => {
  it('leads from its first page to 200 books, each with a title of its own', () => {
    const books = follow('/demo/');
    const titles = books.map((path) => /<h1>(.+)<\/h1>/.exec(renderDemoPage(path) ?? '')?.[1]);
    expect(new Set(books).size).toBe(200);
    expect(new Set(titles).size).toBe(200);
  });

  it('divides the books among its categories', () => {
    const names = links(renderDemoPage('/demo'), /<a href="(\/demo\/category\/[^"]+)"/g);
    expect(names.length).toBeGreaterThan(3);
    expect(names.flatMap(follow).sort()).toEqual(follow('/demo/').sort());
  });

  it('makes as many pages as a measurement asks for', () => {
    const pages = links(renderDemoPage('/demo/bench/450'), BOOK_LINK);
    expect(pages).toHaveLength(450);
    expect(pages.every((path) => renderDemoPage(path)?.includes('class="price"'))).toBe(true);
  });

  it.each([
    '/',
    '/demonstration/',
    '/demo/page/11',
    '/demo/page/0',
    '/demo/book/201',
    '/demo/book/x',
    '/demo/bench/0',
    '/demo/bench/99999',
    '/demo/bench/5/6',
    '/demo/category/none',
    '/demo/category/<b>',
  ])('has nothing at %s', (path) => {
    expect(renderDemoPage(path)).toBeNull();
  });
});
