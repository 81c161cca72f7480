import { DomainError } from '../errors.ts';
import { formatJobKey, parseJobKey, parseJobKeysOf, readJobKey } from './key.ts';

describe('job keys', () => {
  it('read as they are written', () => {
    expect(formatJobKey(parseJobKey('123/4/5'))).toBe('123/4/5');
  });

  it.each([
    '',
    '1',
    '1/2',
    '1/2/3/4',
    '0/1/1',
    '-1/1/1',
    '1/1/99999999999999999999',
    '1e3/1/1',
    '0x1/1/1',
    ' 1/1/1',
    '1/1/1 ',
    '1/1/1\n',
    '01/1/1',
    '１/1/1',
    '1//1',
    'a/b/c',
    '1/1/1.0',
  ])('refuse %j', (text) => {
    expect(readJobKey(text)).toBeNull();
    expect(() => parseJobKey(text)).toThrow(DomainError);
  });

  it('of another project look like jobs that do not exist', () => {
    expect(() => parseJobKeysOf(1, ['1/1/1', '2/1/1'])).toThrow('job 2/1/1 not found');
    expect(parseJobKeysOf(1, ['1/1/1'])).toEqual([{ project: 1, spider: 1, job: 1 }]);
  });
});
