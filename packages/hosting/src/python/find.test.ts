import { join } from 'node:path';
import { ownSearchPath, type SearchPath } from '../testing/search-path.ts';
import { findPythons } from './find.ts';

let path: SearchPath;

beforeEach(() => {
  path = ownSearchPath();
});

afterEach(() => path.restore());

async function found(): Promise<[string, string][]> {
  const all = await findPythons();
  return all
    .filter((each) => each.path.startsWith(path.folder))
    .map((each) => [each.path.slice(path.folder.length + 1), each.version]);
}

it('prefers the default one, then the newest', async () => {
  path.add('python3', 'echo 3.11.7');
  path.add('python3.12', 'echo 3.12.1');
  path.add('python3.14', 'echo 3.14.0');
  expect(await found()).toEqual([
    ['python3', '3.11.7'],
    ['python3.14', '3.14.0'],
    ['python3.12', '3.12.1'],
  ]);
});

it('leaves out what Scrapy does not run on, and what does not run itself', async () => {
  path.add('python3', 'echo 3.9.2');
  path.add('python', 'echo 2.7.18');
  path.add('python3.13', 'exit 1');
  path.add('python3.12', 'echo 3.12.1; exit 1');
  expect(await found()).toEqual([]);
  expect((await findPythons()).some((each) => each.path === join(path.folder, 'python3'))).toBe(false);
});
