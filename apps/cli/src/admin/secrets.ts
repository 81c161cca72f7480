import { COMMAND, newSecretKey, type Rotation, rotateSecrets } from '@spiderhub/core';
import { replaceSecretsFile, secretsKeyText } from '@spiderhub/platform';
import { command } from './command.ts';
import type { AdminStores } from './stores.ts';

export const SECRETS_COMMANDS = [command('secrets rotate', {}, (_, stores) => rotate(stores))];

/**
 * With SECRETS_KEY its first key takes over from the others. Else a new key is made and stands first in the home's file
 * until no secret needs the old ones, which all processes read as well meanwhile.
 */
async function rotate({ sealed, secrets }: AdminStores): Promise<Rotation> {
  const { place, keys } = secrets;
  if (place.SECRETS_KEY !== undefined) return rotateSecrets(sealed, keys, COMMAND);
  const key = newSecretKey();
  const old = (await secretsKeyText(place)).split(/[\s,]+/).filter((each) => each !== '');
  await replaceSecretsFile(place.SPIDERHUB_HOME, [key, ...old]);
  const rotation = await rotateSecrets(sealed, keys, COMMAND);
  if (rotation.unreadable.length === 0) await replaceSecretsFile(place.SPIDERHUB_HOME, [key]);
  return rotation;
}
