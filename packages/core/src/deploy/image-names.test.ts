import { isImageName, registryOf, wholeImageName } from './image-names.ts';

const DIGEST = `@sha256:${'a'.repeat(64)}`;

it.each([
  ['plain', 'docker.io', 'docker.io/library/plain:latest'],
  ['me/plain:1.0', 'docker.io', 'docker.io/me/plain:1.0'],
  ['docker.io/me/plain', 'docker.io', 'docker.io/me/plain:latest'],
  ['localhost/plain:v1', 'localhost', 'localhost/plain:v1'],
  ['registry.example.org/a/b__c/d-e:V1', 'registry.example.org', 'registry.example.org/a/b__c/d-e:V1'],
  ['Registry.Example.org:5000/a', 'registry.example.org:5000', 'registry.example.org:5000/a:latest'],
  ['127.0.0.1:5000/a:1', '127.0.0.1:5000', '127.0.0.1:5000/a:1'],
  [`[::1]:5000/a${DIGEST}`, '[::1]:5000', `[::1]:5000/a${DIGEST}`],
  [
    'images.scrapinghub.com/project/12345:abc',
    'images.scrapinghub.com',
    'images.scrapinghub.com/project/12345:abc',
  ],
])('%s lies in %s', (image, registry, whole) => {
  expect([isImageName(image), registryOf(image), wholeImageName(image)]).toEqual([true, registry, whole]);
  expect(wholeImageName(whole)).toBe(whole);
});

it.each([
  '',
  '-v',
  '--privileged',
  'docker-archive:/etc/shadow',
  'oci-archive:/tmp/a.tar',
  'dir:/root',
  'dir:a/b',
  'oci:/tmp/a:b',
  'containers-storage:a/b',
  'docker-daemon:a/b:c',
  'docker://a/b',
  'https://a/b',
  'a b',
  'a\nb',
  'a/../b',
  'a//b',
  '/a',
  'a/',
  'a:',
  'a@b',
  `a@sha256:${'a'.repeat(63)}`,
  'a$(id)',
  'user@host/a',
  'a'.repeat(64),
  'deadbeef0123',
  `a/${'b'.repeat(1000)}`,
])('%j names no image', (image) => {
  expect(isImageName(image)).toBe(false);
});
