import { ownSearchPath, type SearchPath } from '../testing/search-path.ts';
import { chooseInstaller } from './installer.ts';

let path: SearchPath;

beforeEach(() => {
  path = ownSearchPath();
});

afterEach(() => path.restore());

async function chosen(): Promise<string> {
  const base = { path: `${path.folder}/python3`, version: '3.12.1' };
  return (await chooseInstaller(base, `${path.folder}/cache`)).name;
}

it('takes uv where it is, else pip of Python, else fetches pip', async () => {
  path.add('python3', 'exit 1');
  expect(await chosen()).toBe('pip from PyPI');
  path.add('python3', 'exit 0');
  expect(await chosen()).toBe('pip');
  path.add('uv', 'true');
  expect(await chosen()).toBe('uv');
});
