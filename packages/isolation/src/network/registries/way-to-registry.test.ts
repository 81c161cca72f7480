import { parseDestination } from '@spiderhub/core';
import { waysToRegistries } from './way-to-registry.ts';

const places: Record<string, string[]> = {
  'registry.example.org': ['203.0.114.10'],
  'inner.example.org': ['10.1.2.3'],
  'both.example.org': ['203.0.114.10', '169.254.169.254'],
};
const ways = waysToRegistries({
  policy: {
    now: () => ({
      everyone: [],
      resolvers: [],
      projects: new Map([[7, [parseDestination('allow', '10.1.2.3:5000')]]]),
    }),
  },
  canEnter: false,
  folder: '/nowhere',
  python: 'python3',
  launcherDir: '/nowhere',
  resolve: async (host) => places[host] ?? [host],
});

it.each([
  [7, 'registry.example.org', 443],
  [7, 'inner.example.org', 5000],
  [7, '10.1.2.3', 5000],
])('project %d fetches from %s, port %d', async (project, host, port) => {
  const way = await ways({ project, host, port }, { PATH: '/bin' });
  expect(way).toMatchObject({ enter: [], environment: { PATH: '/bin' } });
  await way.close();
});

it.each([
  [8, 'inner.example.org', 5000],
  [7, 'inner.example.org', 443],
  [7, 'both.example.org', 443],
  [7, '127.0.0.1', 5000],
  [7, '169.254.169.254', 80],
  [7, '::1', 443],
])('project %d fetches nothing from %s, port %d', async (project, host, port) => {
  await expect(ways({ project, host, port }, {})).rejects.toThrow(
    `${host} port ${port} is not public, and not among what this project may reach`,
  );
});
