import type { ShubHome } from '../../contract/jobs-api/clients.ts';
import type { Service, ServiceProcess } from '../../support/service.ts';

/** Starts a worker, and makes an image the version 1.0 of the service's project. */
export async function deployImage(service: Service, image: string, spiders: string): Promise<ServiceProcess> {
  const worker = await service.startWorker();
  const answer = await service.call('/api/releases/deploy.json', {
    project: String(service.team.project),
    version: '1.0',
    image_url: image,
    project_type: 'other',
    spiders,
  });
  expect(answer.status).toBe(200);
  return worker;
}

/** Runs a command of `shub image`, and gives what it says when it ends well. */
export async function shubImage(home: ShubHome, ...args: string[]): Promise<string> {
  const { code, output } = await home.shub(['image', ...args]);
  expect([args, code, output]).toEqual([args, 0, output]);
  return output;
}
