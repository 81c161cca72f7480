import { importFailure, pipFailure } from './failure-words.ts';

const TRACEBACK = `hello from the project
Traceback (most recent call last):
  File "/srv/python/launcher/list_spiders.py", line 71, in <module>
    main(int(sys.argv[1]), sys.argv[2])
    ~~~~^^^^^^
  File "/home/x/python/lib/python3.11/site-packages/scrapy/spiderloader.py", line 59, in _load
    for module in walk_modules(name):
  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
  File "<frozen importlib._bootstrap>", line 241, in _call
  File "/srv/tmp/inspect/inspect-00ff/0/shop-1.0.egg/shop/spiders/all.py", line 1, in <module>
    import no_such_module
ModuleNotFoundError: No module named 'no_such_module'`;

describe('what an import has to say', () => {
  it('begins with the cause, and shows frames of the project alone, without paths of this machine', () => {
    expect(importFailure(TRACEBACK).split('\n')).toEqual([
      "ModuleNotFoundError: No module named 'no_such_module'",
      'hello from the project',
      'Traceback (most recent call last):',
      '  File "scrapy/spiderloader.py", line 59, in _load',
      '    for module in walk_modules(name):',
      '  File "shop/spiders/all.py", line 1, in <module>',
      '    import no_such_module',
    ]);
  });

  it('begins with the cause also where only the end of it came', () => {
    const end = TRACEBACK.slice(TRACEBACK.indexOf('    for module'));
    expect(importFailure(end)).toMatch(/^ModuleNotFoundError: No module named 'no_such_module'\n/);
  });

  it('is left as it is where there is no traceback', () => {
    expect(importFailure('still here\n')).toBe('still here');
  });
});

it('says of pip what went wrong, and nothing of what was there', () => {
  const output = [
    'Looking in indexes: https://user:secret@index/simple',
    'Requirement already satisfied: six in /srv/python/lib/python3.11/site-packages (1.16)',
    'Collecting nothing',
    'ERROR: Could not find a version',
    'ERROR: No matching distribution found for nothing',
  ];
  expect(pipFailure(output.join('\n'))).toBe(
    'Could not find a version\nNo matching distribution found for nothing\nCollecting nothing',
  );
});
