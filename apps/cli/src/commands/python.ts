import { resolve } from 'node:path';
import { ownEnvironment, UserError } from '@spiderhub/hosting';

/** `spiderhub python FILE DIRECTORY`: for tests that need a second environment, with the clients of the APIs. */
export async function python([requirements, directory]: string[]): Promise<number> {
  if (!requirements || !directory) throw new UserError('Say spiderhub python REQUIREMENTS DIRECTORY');
  process.stdout.write(`${await ownEnvironment(resolve(directory), resolve(requirements))}\n`);
  return 0;
}
