import { isOwnHost } from './browser-guard.ts';

it.each(['10.0.0.5', '10.0.0.5:6800', '[fd00::1]:6800', 'localhost', 'LOCALHOST:6800', 'crawls.example:443'])(
  'knows %s for a name that no other site can have',
  (host) => {
    expect(isOwnHost(host, 'https://crawls.example')).toBe(true);
  },
);

it.each([
  undefined,
  '',
  'evil.example',
  '10.0.0.5.evil.example',
  'crawls.example.evil.example:6800',
  'localhost.evil',
])('takes %s for a name that somebody else may answer for', (host) => {
  expect(isOwnHost(host, 'https://crawls.example')).toBe(false);
});
