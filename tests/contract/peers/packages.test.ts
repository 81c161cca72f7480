import { inVersionOrder, parseRequirements, writeRequirements } from '@spiderhub/core';
import { compareVersions } from '../../../packages/core/src/deploy/version-order.ts';
import { askPython, type Random, seeded } from './peer.ts';

/** Numbers as people and tools write them, good ones and such that are nearly good. */
function randomVersion(random: Random): string {
  const { below, pick, times } = random;
  const number = () => pick(['0', '1', '2', '10', '01', '20240101', '98765432109876543210']);
  const release = [number(), ...times(3, number)].join('.');
  const sign = () => pick(['', '', '.', '-', '_']);
  const parts = [
    pick(['', '', '', 'v', ' ', '1!', '0!', 'x']),
    release,
    below(3)
      ? ''
      : `${sign()}${pick(['a', 'b', 'rc', 'alpha', 'Beta', 'c', 'pre', 'preview', 'z'])}${sign()}${pick(['', number()])}`,
    below(3) ? '' : pick([`${sign()}post${number()}`, `-${number()}`, '.post', '.rev2', '-r3', '.post.4']),
    below(3) ? '' : pick(['.dev0', 'dev1', '.dev', '-dev_2']),
    below(4) ? '' : pick(['+abc', '+abc.5', '+5', '+ABC-7', '+a_1', '+', '+é', '+a..b']),
    below(9) ? '' : pick(['.', ' ', '\n', '.*', '-']),
  ];
  return parts.join('');
}

it('orders version numbers as pip does, and takes none that it does not', async () => {
  const random = seeded(440);
  const pairs = Array.from({ length: 4000 }, () => {
    const left = randomVersion(random);
    return [
      left,
      random.below(4) ? randomVersion(random) : `${left}${random.pick(['', '.0', '.0.0', 'a1'])}`,
    ] as const;
  });
  const theirs = await askPython<(number | null)[]>('versions', pairs);
  const ours = pairs.map(([left, right]) => {
    const order = compareVersions(left, right);
    return order === null ? null : Math.sign(order);
  });
  const wrong = pairs.filter((_, i) => ours[i] !== theirs[i]);
  expect(wrong).toEqual([]);
  // They were not all of one kind.
  for (const kind of [-1, 0, 1, null])
    expect(theirs.filter((each) => each === kind).length).toBeGreaterThan(50);
});

it('puts a list into one order, whatever order it came in', () => {
  const random = seeded(5);
  for (let round = 0; round < 50; round++) {
    const names = Array.from(
      { length: 12 },
      () => `${random.below(3)}.${random.below(12)}${random.pick(['', 'a1', '.post1'])}`,
    );
    const distinct = [...new Set(names)].map((name) => ({ name }));
    const shuffled = distinct.toSorted(() => random.next() - 0.5);
    expect(inVersionOrder(shuffled)).toEqual(inVersionOrder(distinct));
    for (const [i, { name }] of inVersionOrder(shuffled).entries())
      if (i > 0) expect(compareVersions(inVersionOrder(shuffled)[i - 1]?.name ?? '', name)).toBeLessThan(0);
  }
});

function randomRequirement(random: Random): string {
  const { below, pick, times } = random;
  const space = () => pick(['', '', '', ' ', '  ', '\t']);
  const name = pick([
    'scrapy',
    'Scrapy',
    'a',
    'zope.interface',
    'ruamel_yaml',
    'x-y.z',
    '-bad',
    'bad-',
    'a b',
    '9',
    'ö',
  ]);
  const extras = below(3)
    ? ''
    : `[${space()}${times(3, () => pick(['s3', 'http2', 'a-b', '', '-'])).join(`${space()},${space()}`)}${space()}]`;
  const version = () =>
    pick(['2', '2.11', '2.11.*', '1!2.0', '2.0a1', '2.0.post1', '2.0+local', '*', '', 'x', '2.0.dev1', 'v2']);
  const condition = () =>
    `${pick(['==', '>=', '<=', '!=', '~=', '<', '>', '===', '=', '=>'])}${space()}${version()}`;
  const conditions = times(3, condition).join(`${space()},${space()}`);
  const bracketed = below(6) === 0 ? `(${conditions})` : conditions;
  const variable = () =>
    pick(['python_version', 'os_name', 'sys_platform', 'extra', 'implementation_name', 'nonsense']);
  const quoted = () => pick(["'3.12'", '"linux"', "'a'", '"', "'it\\'s'", '3.12']);
  const comparison = () =>
    `${variable()} ${pick(['==', '!=', '<', '>=', 'in', 'not in', 'not  in', 'is'])} ${quoted()}`;
  const marker = () => {
    const parts = [comparison(), ...times(2, comparison)];
    const text = parts.join(` ${pick(['and', 'or', 'xor'])} `);
    return below(4) ? text : `(${text})`;
  };
  const behind = below(3) ? '' : `${space()};${space()}${marker()}`;
  return `${name}${space()}${extras}${space()}${bracketed}${behind}`;
}

interface Read {
  name: string;
  extras: string[];
  specifiers: string[];
  url: string | null;
  marker: string | null;
}

/** Our own writing of one requirement, null when we refuse it. */
function rewritten(text: string): string | null {
  try {
    const found = parseRequirements(text);
    return found.length === 1 ? writeRequirements(found).trimEnd() : null;
  } catch {
    return null;
  }
}

const comparable = (read: Read | null) =>
  read && { ...read, name: read.name.toLowerCase(), marker: read.marker?.replaceAll("'", '"') ?? null };

it('hands pip the requirement that was written, whatever its form, and nothing that pip would not read', async () => {
  const random = seeded(508);
  const texts = Array.from({ length: 4000 }, () => randomRequirement(random));
  const ours = texts.map(rewritten);
  const taken = texts.flatMap((text, i) => (ours[i] === null ? [] : [{ text, written: ours[i] as string }]));
  const [before, after] = await Promise.all([
    askPython<(Read | null)[]>(
      'requirements',
      taken.map(({ text }) => text),
    ),
    askPython<(Read | null)[]>(
      'requirements',
      taken.map(({ written }) => written),
    ),
  ]);
  const wrong = taken.filter((_, i) => {
    const [one, other] = [before[i] ?? null, after[i] ?? null];
    return !one || JSON.stringify(comparable(one)) !== JSON.stringify(comparable(other));
  });
  expect(wrong).toEqual([]);
  expect(taken.length).toBeGreaterThan(300);
});

it('refuses little that pip would read: only what it says so of', async () => {
  const random = seeded(509);
  const texts = Array.from({ length: 3000 }, () => randomRequirement(random));
  const theirs = await askPython<(Read | null)[]>('requirements', texts);
  const lost = texts.filter((text, i) => theirs[i] && rewritten(text) === null);
  expect(lost).toEqual([]);
  expect(theirs.filter(Boolean).length).toBeGreaterThan(300);
});
