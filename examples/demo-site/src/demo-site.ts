/** Base of the demo shop's paths. */
const BASE = '/demo/';
const BOOKS_PER_PAGE = 20;
const MAX_BENCH_PAGES = 10_000;

const FIRST_WORDS = 'Silent Golden Broken Hidden Winter Distant Secret Wooden Paper Burning'.split(' ');
const SECOND_WORDS =
  'Garden River Letter Mountain Orchard Library Harbour Clock Mirror Island Bridge Lantern Forest Window Road Tower Song Winter Market Door'.split(
    ' ',
  );
const CATEGORIES = ['fiction', 'history', 'science', 'travel', 'cooking', 'poetry'];

interface Book {
  id: number;
  title: string;
  category: string;
  price: string;
  inStock: boolean;
}

const BOOKS = makeBooks();

/** The shop is made up but never changes: every crawl of it finds the same 200 books. */
function makeBooks(): Book[] {
  return SECOND_WORDS.flatMap((second, i) =>
    FIRST_WORDS.map((first, j) => {
      const id = i * FIRST_WORDS.length + j + 1;
      return {
        id,
        title: `The ${first} ${second}`,
        category: CATEGORIES[(id * 7) % CATEGORIES.length] ?? '',
        price: (5 + ((id * 37) % 4500) / 100).toFixed(2),
        inStock: id % 9 !== 0,
      };
    }),
  );
}

/**
 * A page of the small shop that the demo spiders crawl, null when there is none at `path`:
 * `/demo/`, `/demo/page/2`, `/demo/category/travel[/page/2]`, `/demo/book/17`, and for measurements
 * `/demo/bench/500`, which links to 500 pages `/demo/bench/500/1` and on.
 */
export function renderDemoPage(path: string): string | null {
  const [bare = ''] = path.split('?');
  if (`${bare}/` === BASE) return renderDemoPage(BASE);
  if (!bare.startsWith(BASE)) return null;
  const [kind = '', ...rest] = bare.slice(BASE.length).split('/');
  switch (kind) {
    case '':
      return listPage('All books', BASE, BOOKS, 1);
    case 'page':
      return listPage('All books', BASE, BOOKS, readNumber(rest[0]));
    case 'category':
      return categoryPage(rest);
    case 'book':
      return bookPage(BOOKS[readNumber(rest[0]) - 1]);
    case 'bench':
      return benchPage(readNumber(rest[0]), rest[1]);
    default:
      return null;
  }
}

/** A positive integer, 0 for anything else. */
function readNumber(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
}

function categoryPage([name = '', word, number]: string[]): string | null {
  if (!CATEGORIES.includes(name)) return null;
  const books = BOOKS.filter((book) => book.category === name);
  return listPage(name, `${BASE}category/${name}/`, books, word === 'page' ? readNumber(number) : 1);
}

function listPage(heading: string, base: string, books: Book[], page: number): string | null {
  const shown = books.slice((page - 1) * BOOKS_PER_PAGE, page * BOOKS_PER_PAGE);
  if (page < 1 || shown.length === 0) return null;
  const hasNext = page * BOOKS_PER_PAGE < books.length;
  const next = hasNext ? `<p><a class="next" href="${base}page/${page + 1}">next</a></p>` : '';
  return html(
    heading,
    `${categoryLinks()}<ol start="${(page - 1) * BOOKS_PER_PAGE + 1}">${shown.map(entry).join('')}</ol>${next}`,
  );
}

function categoryLinks(): string {
  const links = CATEGORIES.map((name) => `<a href="${BASE}category/${name}">${name}</a>`);
  return `<nav>${links.join(' ')}</nav>`;
}

function entry(book: Book): string {
  return `<li class="book"><a href="${BASE}book/${book.id}">${book.title}</a> <span>${book.price}</span></li>\n`;
}

function bookPage(book: Book | undefined): string | null {
  if (!book) return null;
  const stock = book.inStock ? 'In stock' : 'Sold out';
  return html(
    book.title,
    `<p>Category: <a class="category" href="${BASE}category/${book.category}">${book.category}</a></p>
<p>Price: £<span class="price">${book.price}</span></p>
<p class="stock">${stock}</p>
<p class="description">${description(book)}</p>`,
  );
}

/** Some text, so that a page is as long as a short product page (about 2 kB). */
function description(book: Book): string {
  const sentence = `${book.title} is a book about ${book.category} that nobody has written. `;
  return sentence.repeat(Math.ceil(1500 / sentence.length)).trim();
}

function benchPage(pages: number, which: string | undefined): string | null {
  if (pages < 1 || pages > MAX_BENCH_PAGES) return null;
  if (which !== undefined) {
    const number = readNumber(which);
    return number > pages ? null : bookPage(BOOKS[(number - 1) % BOOKS.length]);
  }
  const links = Array.from({ length: pages }, (_, i) => {
    return `<li class="book"><a href="${BASE}bench/${pages}/${i + 1}">Page ${i + 1}</a></li>\n`;
  });
  return html(`${pages} pages`, `<ol>${links.join('')}</ol>`);
}

function html(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title} - Demo books</title></head>
<body><h1>${title}</h1>
${body}
</body></html>
`;
}
