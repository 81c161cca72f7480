import { decodeString, isJson, readRawObject, scanFields } from '@spiderhub/core';
import { createCron } from '@spiderhub/cron';
import { isWithin, parseNetwork, readAddress } from '../../../packages/core/src/lib/networks.ts';
import { isPublicAddress } from '../../../packages/core/src/lib/public-address.ts';
import { askPython, type Random, randomJson, seeded } from './peer.ts';

interface Read {
  valid: boolean;
  names: string[] | null;
}

/** JSON into which somebody has cut: a byte gone, doubled, changed or moved. */
function damaged(random: Random, text: Buffer): Buffer {
  const at = random.below(text.length + 1);
  const [before, behind] = [text.subarray(0, at), text.subarray(at)];
  const odd = random.pick([
    '"',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    '\\',
    '\n',
    '\u0000',
    '0',
    '-',
    '.',
    'e',
    'N',
    'é',
    '\ufeff',
    'NaN',
    '\\u12',
    '\\ud800',
  ]);
  const kind = random.below(5);
  if (kind === 0) return Buffer.concat([before, behind.subarray(1)]);
  if (kind === 1) return Buffer.concat([before, Buffer.from(odd), behind]);
  if (kind === 2) return Buffer.concat([before, Buffer.from(odd), behind.subarray(1)]);
  if (kind === 3) return before;
  return Buffer.concat([before, Buffer.from([128 + random.below(128)]), behind]);
}

function namesOf(line: Buffer): string[] {
  const names: string[] = [];
  scanFields(line, (start, end) => {
    names.push(decodeString(line, start, end) ?? 'no text');
    return true;
  });
  return names;
}

it('takes for JSON what Python takes for JSON, and nothing else', async () => {
  const random = seeded(8259);
  const texts = Array.from({ length: 6000 }, (_, i) => {
    const text = Buffer.from(randomJson(random));
    return i % 3 === 0 ? text : damaged(random, text);
  });
  const theirs = await askPython<Read[]>(
    'texts',
    texts.map((text) => text.toString('base64')),
  );
  const wrong = texts.filter((text, i) => isJson(text) !== theirs[i]?.valid);
  expect(wrong.map((text) => text.toString('latin1'))).toEqual([]);
  expect(theirs.filter(({ valid }) => !valid).length).toBeGreaterThan(1000);
});

it('finds the fields of an object that Python finds, in their order, and the last of repeated ones', async () => {
  const random = seeded(71);
  const name = () =>
    JSON.stringify(random.pick(['a', 'b', '__proto__', 'é', '\\', '"', 'toString', '', '\u2028']));
  const space = () => random.pick(['', '', ' ', '\t', '\r\n']);
  const texts = Array.from({ length: 1500 }, () => {
    const fields = random.times(
      5,
      () => `${space()}${name()}${space()}:${space()}${randomJson(random)}${space()}`,
    );
    return Buffer.from(`${space()}{${fields.length ? fields.join(',') : space()}}${space()}`);
  });
  const theirs = await askPython<Read[]>(
    'texts',
    texts.map((text) => text.toString('base64')),
  );
  const wrong = texts.filter((text, i) => JSON.stringify(namesOf(text)) !== JSON.stringify(theirs[i]?.names));
  expect(wrong.map(String)).toEqual([]);
  for (const [i, text] of texts.entries())
    expect(new Set(readRawObject(text)?.keys())).toEqual(new Set(theirs[i]?.names));
});

function randomAddress(random: Random): string {
  const byte = () => random.pick([0, 1, 10, 100, 127, 128, 169, 172, 192, 198, 224, 255, random.below(256)]);
  if (random.below(2)) return [byte(), byte(), byte(), byte()].join('.');
  const group = () =>
    random.pick(['0', '0', 'ffff', 'fd00', '2001', 'db8', random.below(65536).toString(16)]);
  const groups = Array.from({ length: 8 }, group);
  return random.below(2)
    ? groups.join(':')
    : `${groups.slice(0, random.below(4)).join(':')}::${groups.slice(5, 5 + random.below(3)).join(':')}`;
}

it('reads networks as Python does and knows what lies in them', async () => {
  const random = seeded(4632);
  const networks = Array.from({ length: 3000 }, () => {
    const address = randomAddress(random);
    const bits = random.pick([
      '',
      '/0',
      '/8',
      '/12',
      '/16',
      '/24',
      '/31',
      '/32',
      '/33',
      '/64',
      '/128',
      '/129',
      '/',
      '/-1',
      '/8.0',
    ]);
    return `${address}${bits}`;
  });
  const read = networks.map((text) => {
    try {
      return parseNetwork('network', text);
    } catch {
      return null;
    }
  });
  const addresses = Array.from({ length: 500 }, () => randomAddress(random));
  const good = read.filter((network) => network !== null);
  const within = Array.from({ length: 3000 }, () => [random.pick(good), random.pick(addresses)] as const);
  const theirs = await askPython<{ networks: (string | null)[]; within: boolean[]; global: boolean[] }>(
    'networks',
    {
      networks,
      within,
      addresses,
    },
  );
  // An address of IPv4 inside of IPv6 is one of IPv4 to us, and such networks are refused.
  const isMapped = (text: string) =>
    readAddress(text.split('/', 1)[0] as string)?.kind() === 'ipv4' && text.includes(':');
  const wrong = networks.filter((text, i) => !isMapped(text) && (read[i] ?? null) !== theirs.networks[i]);
  expect(wrong).toEqual([]);
  const misplaced = within.filter(([network, address], i) => {
    const from = readAddress(address);
    return from && !isMapped(address) && isWithin(network, from) !== theirs.within[i];
  });
  expect(misplaced).toEqual([]);
  // Whatever Python would not call global is not public here either; the documentation's network stands for the internet.
  const open = addresses.filter((address, i) => isPublicAddress(address) && !theirs.global[i]);
  expect(open.filter((address) => !address.startsWith('203.0.113.'))).toEqual([]);
});

function randomCron(random: Random): string {
  const { below, pick } = random;
  const field = (first: number, last: number, names: readonly string[] = []) => {
    const one = () => String(first + below(last - first + 1));
    const range = () => {
      const [low, high] = [first + below(last - first + 1), first + below(last - first + 1)].sort(
        (a, b) => a - b,
      );
      return `${low}-${high}`;
    };
    const part = () =>
      pick([
        one,
        one,
        range,
        () => `${range()}/${1 + below(Math.min(9, last))}`,
        () => (names.length ? pick(names) : one()),
      ])();
    const kind = below(5);
    if (kind <= 1) return '*';
    if (kind === 2) return `*/${1 + below(last)}`;
    return Array.from({ length: 1 + below(3) }, part).join(',');
  };
  return [
    field(0, 59),
    field(0, 23),
    field(1, 31),
    field(1, 12, ['JAN', 'feb', 'Dec']),
    field(0, 7, ['SUN', 'mon', 'Sat']),
  ].join(' ');
}

it('comes to the minutes that crontab(5) says, in a zone whose clock never changes', async () => {
  const random = seeded(5);
  const cron = createCron();
  const asked = Array.from({ length: 250 }, () => ({
    expression: randomCron(random),
    after: new Date(
      Date.UTC(
        2024 + random.below(4),
        random.below(12),
        1 + random.below(28),
        random.below(24),
        random.below(60),
      ),
    ),
    count: 5,
  }));
  const theirs = await askPython<string[][]>(
    'calendar_times',
    asked.map(({ after, ...rest }) => ({ ...rest, after: `${after.toISOString().slice(0, 16)}+00:00` })),
  );
  const wrong = asked.flatMap(({ expression, after, count }, i) => {
    const ours: string[] = [];
    for (let at: Date | null = after; at && ours.length < count; ) {
      at = cron.next(expression, 'UTC', at);
      if (at) ours.push(`${at.toISOString().slice(0, 16)}Z`);
    }
    const known = theirs[i] ?? [];
    return JSON.stringify(ours.slice(0, known.length)) === JSON.stringify(known)
      ? []
      : [{ expression, after, ours, known }];
  });
  expect(wrong).toEqual([]);
});
