import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownSearchPath, type SearchPath } from '../testing/search-path.ts';
import { crawlPython, installApart, ownEnvironment } from './environment.ts';

it.each(['/nope', '/bin/true', '/bin/false', 'no-such-python'])(
  'names the variable and the cure when %s cannot import Scrapy',
  async (path) => {
    await expect(crawlPython(path, '/unused', '/unused')).rejects.toThrow(
      /^SPIDERHUB_PYTHON: \S+ does not import Scrapy \(.+\): install there .+, or leave SPIDERHUB_PYTHON empty$/,
    );
  },
);

describe('an environment of our own', () => {
  let path: SearchPath;
  let folder: string;
  let directory: string;
  let requirements: string;
  let calls: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'environment-'));
    directory = join(folder, 'python');
    requirements = join(folder, 'requirements.txt');
    calls = join(folder, 'calls');
    writeFileSync(requirements, 'scrapy==1\n');
    writeFileSync(calls, '');
    path = ownSearchPath();
    path.add('python3', 'echo 3.12.1');
    // Makes environments as uv does, and writes down what it was asked for.
    path.add(
      'uv',
      `echo "$1" >> ${calls}
if [ "$1" = venv ]; then
  sleep 0.2
  for last in "$@"; do :; done
  mkdir -p "$last/bin" && cp ${path.folder}/python3 "$last/bin/python"
fi`,
    );
  });

  afterEach(() => {
    path.restore();
    rmSync(folder, { recursive: true, force: true });
  });

  function made(): number {
    return readFileSync(calls, 'utf8').split('venv').length - 1;
  }

  it('is made once, also for several that ask for it at the same time', async () => {
    const asked = await Promise.all([1, 2, 3].map(() => ownEnvironment(directory, requirements)));
    expect(asked).toEqual(Array(3).fill(join(directory, 'bin/python')));
    await ownEnvironment(directory, requirements);
    expect(made()).toBe(1);
  });

  it('is made anew for other requirements', async () => {
    await ownEnvironment(directory, requirements);
    writeFileSync(requirements, 'scrapy==2\n');
    await ownEnvironment(directory, requirements);
    expect(made()).toBe(2);
  });

  it('is made anew when it was left unfinished, or its interpreter is gone', async () => {
    await ownEnvironment(directory, requirements);
    unlinkSync(join(directory, '.requirements.sha256'));
    await ownEnvironment(directory, requirements);
    unlinkSync(join(directory, 'bin/python'));
    await ownEnvironment(directory, requirements);
    expect(made()).toBe(3);
  });

  it('is not needed for programs where Python knows pip, and made where it does not', async () => {
    path.add('knows-pip', `echo pip >> ${calls}`);
    path.add('lacks-pip', 'exit 1');
    await installApart(directory, join(path.folder, 'knows-pip'), ['some-program']);
    expect(made()).toBe(0);
    await installApart(directory, join(path.folder, 'lacks-pip'), ['some-program']);
    expect(made()).toBe(1);
  });
});
