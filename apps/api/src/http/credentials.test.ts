import { readBasic } from './credentials.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('readBasic', () => {
  it.each([
    ['a key with an empty password', basic('KEY:'), { user: 'KEY', password: '' }],
    ['a password with colons', basic('u:a:b:c'), { user: 'u', password: 'a:b:c' }],
    ['a user name with slashes', basic('1/2/3:token'), { user: '1/2/3', password: 'token' }],
    ['any case of the scheme', `bAsIc ${Buffer.from('K:').toString('base64')}`, { user: 'K', password: '' }],
    ['no credentials at all', basic(':'), { user: '', password: '' }],
  ])('reads %s', (_, header, expected) => {
    expect(readBasic(header)).toEqual(expected);
  });

  it.each([
    ['no colon', basic('KEY')],
    ['another scheme', 'Bearer KEY'],
    ['no base64', 'Basic ***'],
    ['nothing', 'Basic'],
    ['two headers joined by Node', `${basic('a:')}, ${basic('b:')}`],
  ])('refuses %s', (_, header) => {
    expect(readBasic(header)).toBeNull();
  });
});
