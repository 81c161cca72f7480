import { fromPostgres, isDatabaseAway } from './pg-errors.ts';

const told = (code: string) => Object.assign(new Error('what Postgres says'), { code });

it.each([
  ['no room on its disk', '53100'],
  ['a disk that fails', '58030'],
  ['too many connections', '53300'],
  ['a standby', '25006'],
  ['a shutdown', '57P01'],
  ['nobody listens', 'ECONNREFUSED'],
])('a database that has %s is away, and may be there again', (_what, code) => {
  expect(isDatabaseAway(told(code))).toBe(true);
  expect(fromPostgres(told(code))).toMatchObject({ kind: 'unavailable' });
});

it('a statement that cannot be right stays an error', () => {
  expect(isDatabaseAway(told('23505'))).toBe(false);
  expect(fromPostgres(told('23505'))).toMatchObject({ code: '23505' });
});
