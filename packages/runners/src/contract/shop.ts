import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const CATALOGUE = `<a class="book" href="">x</a><li class="book"><a href="/book/PAGE1">1</a></li>
<li class="book"><a href="/book/PAGE2">2</a></li><a class="next" href="/NEXT">next</a>`;
const BOOK = `<h1>A book</h1><a class="category">poetry</a><span class="price">1.50</span><p class="stock">In stock</p>`;

/** A shop without end, for the demo project's spider. */
export async function openShop(): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '/';
    const page = path.startsWith('/book/')
      ? BOOK
      : CATALOGUE.replaceAll('PAGE', path.slice(1)).replace('NEXT', `${path.slice(1)}n`);
    response.setHeader('content-type', 'text/html').end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
