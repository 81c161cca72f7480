import type { DeployedProject } from '@spiderhub/core/scrapyd';
import { createProjects } from './projects.ts';

const REACH = { organisations: [1], projects: [] };
const PROJECT: DeployedProject = { id: 1, name: 'shop', versions: [], latest: '' };

it('forgets a project that was on its way from the database when it was deleted', async () => {
  const answers: ((project: DeployedProject | null) => void)[] = [];
  const projects = createProjects({
    findProject: () => new Promise((resolve) => answers.push(resolve)),
    projects: async () => [],
  });
  const before = projects.recent(REACH, 'shop');
  projects.forget();
  answers[0]?.(PROJECT);
  expect(await before).toBe(PROJECT);

  const after = projects.recent(REACH, 'shop');
  answers[1]?.(null);
  expect(await after).toBeNull();
});
