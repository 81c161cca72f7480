import { masking } from './masking.ts';
import { checkVariable, checkVariableName, MAX_VARIABLE_BYTES } from './names.ts';

it.each(['API_KEY', '_x', 'SH_APIKEY', 'DATABASE_URL', 'SCRAPY_LOG', 'TZ', 'LANG', 'PATHS', 'LDAP_HOST'])(
  'lets a project have %s',
  (name) => {
    expect(() => checkVariableName(name)).not.toThrow();
  },
);

it.each(['SHUB_JOBKEY', 'SPIDERHUB_X', 'PYTHONPATH', 'LD_PRELOAD', 'PATH', 'HOME', 'SCRAPY_SETTINGS_MODULE'])(
  'keeps %s for itself',
  (name) => {
    expect(() => checkVariableName(name)).toThrow(`name: ${name} is reserved`);
  },
);

it.each(['', '1A', 'A B', 'A=B', 'É', 'A\n', 'A'.repeat(129)])('takes %j for no name', (name) => {
  expect(() => checkVariableName(name)).toThrow('is no variable name');
});

it('names the variable whose value cannot be, and does not show it', () => {
  const long = 'x'.repeat(MAX_VARIABLE_BYTES + 1);
  expect(() => checkVariable('A', long, false)).toThrow(`A: ${long.length} bytes are too much`);
  expect(() => checkVariable('A', 'hidden\0', true)).toThrow(/^A: NUL characters are not allowed$/);
  expect(() => checkVariable('A', 'abc', true)).toThrow('A: a secret has at least 4 characters');
  expect(() => checkVariable('A', 'abc', false)).not.toThrow();
});

it('masks secrets as they are, in addresses, in JSON and line by line, the longer ones first', () => {
  const mask = masking(['p@ss word', 'p@ss word and more', '-- BEGIN\nline one of it\n-- END']);
  expect(mask('a p@ss word and more b p@ss word c')).toBe('a **** b **** c');
  expect(mask('http://u:p%40ss%20word@host')).toBe('http://u:****@host');
  expect(mask(JSON.stringify({ key: '-- BEGIN\nline one of it\n-- END' }))).toBe('{"key":"****"}');
  expect(mask('  line one of it')).toBe('  ****');
  expect(masking([])('nothing')).toBe('nothing');
});
