import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverAccount } from './account.ts';
import { openHome, removeHome } from './home.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'home-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('keeps sockets in a private directory of the home', () => {
  const home = openHome(join(folder, 'h'), null);
  expect(home.sockets).toBe(join(folder, 'h', 'run'));
  expect(statSync(home.sockets).mode & 0o777).toBe(0o700);
});

it('finds a short place for sockets of a home with a long path, and always the same', () => {
  const long = join(folder, 'x'.repeat(90));
  const home = openHome(long, null);
  expect(Buffer.byteLength(join(home.sockets, '.s.PGSQL.5432'))).toBeLessThan(100);
  expect(statSync(home.sockets).mode & 0o777).toBe(0o700);
  expect(openHome(long, null)).toEqual(home);
  removeHome(home);
  expect(() => statSync(home.sockets)).toThrow('ENOENT');
});

it('closes a home that an earlier release left open, and leaves a way through for PostgreSQL alone', () => {
  const path = join(folder, 'h');
  const modeOf = (name: string) => statSync(join(path, name)).mode & 0o777;
  mkdirSync(join(path, 'data'), { recursive: true });
  chmodSync(path, 0o755);
  openHome(path, null);
  expect([modeOf(''), modeOf('data')]).toEqual([0o700, 0o700]);
  const account = serverAccount();
  if (!account) return;
  chmodSync(folder, 0o711);
  const shared = join(folder, 's');
  mkdirSync(shared);
  const home = openHome(shared, account);
  expect([statSync(shared).mode & 0o777, home.postgres]).toEqual([0o711, join(shared, 'postgres')]);
});

it.each(['/proc/x', '/proc/x/y', '/dev/null/x', '/dev/null'])(
  'says at once that %s cannot be made',
  (path) => {
    expect(() => openHome(path, null)).toThrow(`Cannot make ${path}`);
  },
);

it('refuses a place that is only a link to somewhere else', () => {
  const home = openHome(join(folder, 'h'), null);
  rmSync(home.sockets, { recursive: true });
  symlinkSync('/tmp', home.sockets);
  expect(() => openHome(join(folder, 'h'), null)).toThrow(
    /must be a directory with mode 0700|belongs to another user/,
  );
});
