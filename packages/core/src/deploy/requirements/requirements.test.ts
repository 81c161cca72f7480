import { parseRequirements, writeRequirements } from './requirements.ts';

const SHA256 = `sha256:${'0a'.repeat(32)}`;
const written = (file: string) => writeRequirements(parseRequirements(file)).split('\n').filter(Boolean);
const refusal = (file: string, wheelsOnly = false): string => {
  try {
    parseRequirements(file, { wheelsOnly });
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
};

describe('requirements', () => {
  it.each([
    ['six', 'six'],
    ['  Six == 1.16.0 \t', 'Six==1.16.0'],
    ['a>=1,<2 , != 1.5.*', 'a>=1,<2,!=1.5.*'],
    ['a (>=1)', 'a>=1'],
    ['a~=1.4.2', 'a~=1.4.2'],
    ['a===odd~1', 'a===odd~1'],
    ['a==1!2.0+local.1', 'a==1!2.0+local.1'],
    ['scrapy[ s3 , images]>=2', 'scrapy[s3,images]>=2'],
    ['a[]==1', 'a==1'],
    ['a==1 # why', 'a==1'],
    ['a==1#not-a-comment', null],
    [
      "a; python_version<'3.12' and (os_name == \"posix\" or extra not  in 'x')",
      "a ; python_version < '3.12' and (os_name == \"posix\" or extra not in 'x')",
    ],
    ['a==1 ; sys.platform == "linux"', 'a==1 ; sys.platform == "linux"'],
    [
      `a==1 --hash=${SHA256} --hash ${SHA256.toUpperCase().replace('SHA', 'sha')}`,
      `a==1 --hash=${SHA256} --hash=${SHA256}`,
    ],
    ['a @ https://example.com/a-1.0.zip', 'a @ https://example.com/a-1.0.zip'],
    [
      'a[x]@https://EXAMPLE.com:443/a.whl ; os_name == "nt"',
      'a[x] @ https://example.com/a.whl ; os_name == "nt"',
    ],
    [
      'https://example.com/a-1-py3-none-any.whl#sha256=00',
      'https://example.com/a-1-py3-none-any.whl#sha256=00',
    ],
    [
      'git+https://user:token@github.com/x/y.git@v1.0#egg=y&subdirectory=a/b',
      'git+https://user:token@github.com/x/y.git@v1.0#egg=y&subdirectory=a/b',
    ],
    ['a @ https://8.8.8.8/a.zip', 'a @ https://8.8.8.8/a.zip'],
    ['a @ https://[2606:4700::1111]/a.zip', 'a @ https://[2606:4700::1111]/a.zip'],
    ['zip', 'zip'],
    ['https', 'https'],
  ])('reads %j', (line, expected) => {
    if (expected === null) expect(refusal(line)).toContain('is not a requirement');
    else expect(written(line)).toEqual([expected]);
  });

  it('joins lines that a backslash splits, and counts lines as editors do', () => {
    const file = `\uFEFF# pins\r\n\r\na==1 \\\r\n    --hash=${SHA256} \\\n    --hash=${SHA256}\n# x \\\nb \\\n# in between\nc\n-r x`;
    expect(refusal(file)).toBe("requirements: line 10: pip's options are not taken (-r)");
    expect(written(file.replace('\n-r x', ''))).toEqual([`a==1 --hash=${SHA256} --hash=${SHA256}`, 'b', 'c']);
    expect(written('a\\')).toEqual(['a']);
    expect(written(' \n# only this\n')).toEqual([]);
  });

  it('names each by the line on which it begins', () => {
    expect(
      parseRequirements(`\na==1 \\\n --hash=sha256:${'0'.repeat(64)}\nb`).map(({ name, line }) => [
        name,
        line,
      ]),
    ).toEqual([
      ['a', 2],
      ['b', 4],
    ]);
  });
});

describe('refuses with one sentence that names the line', () => {
  it.each([
    ['-r other.txt', '-r'],
    ['-r/etc/passwd', '-r'],
    ['--requirement=/etc/passwd', '--requirement'],
    ['-c constraints.txt', '-c'],
    ['-e .', '-e'],
    ['-e git+ssh://git@github.com/x/y', '-e'],
    ['--editable git+https://github.com/x/y', '--editable'],
    ['-i http://127.0.0.1/simple', '-i'],
    ['--index-url https://user:secret@example.com/simple', '--index-url'],
    ['--extra-index-url=https://example.com/simple', '--extra-index-url'],
    ['--find-links /etc', '--find-links'],
    ['-f /etc', '-f'],
    ['--trusted-host example.com', '--trusted-host'],
    ['--no-binary :all:', '--no-binary'],
    ['--only-binary :all:', '--only-binary'],
    ['--no-index', '--no-index'],
    ['--pre', '--pre'],
    ['--prefer-binary', '--prefer-binary'],
    ['--use-feature=fast-deps', '--use-feature'],
    ['\\\n-r x', '-r'],
    ['a==1 -r /etc/passwd', '-r'],
    ['a==1 --global-option=x', '--global-option'],
    ['a==1 --config-settings=x=y', '--config-settings'],
    ['a==1 --install-option x', '--install-option'],
    [`a==1 --hash=${SHA256} --pre`, '--pre'],
  ])('the option in %j', (line, option) => {
    const message = refusal(line);
    expect(message).toMatch(/^requirements: line 1: pip's options are not taken(, except --hash)? \(.+\)$/);
    expect(message).toContain(`(${option})`);
    expect(message).not.toContain('secret');
  });

  it.each([
    './a',
    '../a',
    '.',
    '/etc/passwd',
    '~/a',
    'a/b',
    'a-1.0.whl',
    'a.tar.gz',
    'a.zip[x]==1',
    'a\\b',
    'file:///etc/passwd',
    'file:a',
    'FILE:///etc/passwd',
    'a @ file:///etc/passwd',
    'a@file:/etc/passwd',
    'a @ FILE://localhost/etc/passwd',
  ])('the file %j', (line) => {
    expect(refusal(line)).toBe(
      'requirements: line 1: files of the machine are not taken, only packages and https URLs',
    );
  });

  it.each([
    'http://example.com/a.zip',
    'a @ http://example.com/a.zip',
    'git+ssh://git@github.com/x/y',
    'git+http://example.com/x',
    'git+file:///srv/x',
    'git://example.com/x',
    'ssh://example.com/x',
    'hg+https://example.com/x',
    'svn+https://example.com/x',
    'bzr+lp:x',
    'ftp://example.com/a.zip',
    'data:text/plain,x',
    'C:\\a.whl',
    'a @ //example.com/a.zip',
    'a @ ',
  ])('another scheme than https in %j', (line) => {
    expect(refusal(line)).toMatch(
      /^requirements: line 1: URLs of \S+( scheme)? are not taken, only https ones$/,
    );
  });

  it.each([
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    'metadata.google.internal',
    'db.internal.',
    'printer.local',
    'router',
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '0177.0.0.1',
    '2130706433',
    '0x7f000001',
    '0',
    '127.0.0.1.',
    '１２７.0.0.1'.normalize('NFKC'),
    '%31%32%37.0.0.1',
    '10.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.0.1',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[fd00::2]',
    '[fe80::1]',
    '[2002:7f00:1::]',
  ])('the host %s', (host) => {
    for (const line of [
      `a @ https://${host}/a.zip`,
      `https://user@${host}:8443/a.zip`,
      `git+https://${host}/x/y@v1`,
    ])
      expect(refusal(line)).toMatch(/^requirements: line 1: the host \S+ is not a public one$/);
  });

  it.each([
    'https://example.com\\@127.0.0.1/a.zip',
    'https://１２７.0.0.1/a.zip',
    'https://example.com/a;b.zip',
    'https://exa|mple.com/',
    'https://example.com/"a"',
  ])('the odd character in %s', (url) => {
    expect(refusal(`a @ ${url}`)).toContain('the URL holds a character that has to be percent-encoded');
  });

  it.each([
    ['https://', 'not a URL'],
    ['https://[::1', 'not a URL'],
    ['https://1.2.3.4.5/', 'not a URL'],
    ['https://[fe80::1%25eth0]/', 'not a URL'],
    ['git+https://github.com/x/y@--upload-pack=touch', 'begins with a hyphen'],
    ['git+https://github.com/x/y#subdirectory=../../etc', 'odd subdirectory'],
    ['git+https://github.com/x/y#subdirectory=/etc', 'odd subdirectory'],
    ['git+https://github.com/x/y#subdirectory=%2e%2e', 'odd subdirectory'],
    ['git+https://github.com/x/y#egg=-x', 'odd egg'],
    ['https://example.com/a.zip#run=x', 'fragment may hold egg, subdirectory or a hash, not run'],
  ])('the URL %s: %s', (url, why) => expect(refusal(`a @ ${url}`)).toContain(why));

  it.each([
    [`a==\${HOME}`, 'variables of the environment are not filled in'],
    [`\${X}`, 'variables of the environment are not filled in'],
    [`a @ https://\${TOKEN}@example.com/a.zip`, 'variables of the environment are not filled in'],
    ['a b', 'is not a requirement'],
    ['a==', 'is not a requirement'],
    ['==1', 'is not a requirement'],
    ['a=1', 'is not a requirement'],
    ['a>1<2', 'is not a requirement'],
    ['a[x', 'is not a requirement'],
    ['a[x y]', 'is not a requirement'],
    ['a (>=1', 'is not a requirement'],
    ['a!', 'is not a requirement'],
    ['ä', 'is not a requirement'],
    ['a,b', 'is not a requirement'],
    ['a; ', 'is not a condition'],
    ['a; python_version', 'is not a condition'],
    ["a; python_version < '3' or", 'is not a condition'],
    ["a; __import__('os') == '1'", 'is not a condition'],
    [`a; ${'('.repeat(30)}os_name == 'x'${')'.repeat(30)}`, 'is not a condition'],
    ["a; os_name == 'x' -r y", 'options are not taken'],
    ['a --hash=md5:00', 'is not a hash'],
    ['a --hash', 'is not a hash'],
    ['a --hash=sha256:0g', 'is not a hash'],
    ['a\x0b-r x', 'holds a character that cannot be shown'],
    ['a\u2028-r x', 'holds a character that cannot be shown'],
    ['a\u0085-r x', 'holds a character that cannot be shown'],
    ['# \x1b[31m', 'holds a character that cannot be shown'],
    ['a\0', 'holds a character that cannot be shown'],
    ['a # \u202e', 'holds a character that cannot be shown'],
  ])('%j: %s', (line, why) => {
    expect(refusal(`six\n${line}\n`)).toMatch(/^requirements: line [23]: /);
    expect(refusal(`six\n${line}\n`)).toContain(why);
  });

  it('what is too large', () => {
    expect(refusal('#'.repeat(1024 * 1024 + 1))).toBe('requirements: the file is larger than 1 MiB');
    expect(refusal('\n'.repeat(20_000))).toBe('requirements: more than 20000 lines');
    expect(refusal('six\n'.repeat(2001))).toBe('requirements: more than 2000 requirements');
    expect(refusal(`six # ${'x'.repeat(70_000)}`)).toBe('requirements: line 1: longer than 65536 characters');
  });

  it('URLs where only wheels are taken', () => {
    expect(refusal('six\n\na @ https://example.com/a-1-py3-none-any.whl', true)).toBe(
      'requirements: line 3: URLs are not taken here, only wheels of the package index',
    );
    expect(refusal('six', true)).toBe('taken');
  });
});
