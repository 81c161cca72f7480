import { readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureSecretsFile, replaceSecretsFile, secretsKeyText, takeLock } from '@spiderhub/platform';
import { mountSmallDisk, type SmallDisk } from '@spiderhub/testkit';

const disk = mountSmallDisk(16) as SmallDisk;
afterAll(() => disk?.remove());
const whereMounted = disk ? it : it.skip;

whereMounted('a key that found no room is made when there is some, and stays what it was', async () => {
  const { folder: SPIDERHUB_HOME } = disk;
  disk.fill();
  await expect(ensureSecretsFile(SPIDERHUB_HOME, 'one')).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(readdirSync(SPIDERHUB_HOME)).toEqual(['filler']);
  disk.free();
  await ensureSecretsFile(SPIDERHUB_HOME, 'one');
  await ensureSecretsFile(SPIDERHUB_HOME, 'two');
  expect(await readFile(join(SPIDERHUB_HOME, 'secrets.key'), 'utf8')).toBe('one\n');
  disk.fill();
  await expect(replaceSecretsFile(SPIDERHUB_HOME, ['two'])).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await secretsKeyText({ SPIDERHUB_HOME })).toBe('one\n');
  expect(readdirSync(SPIDERHUB_HOME).sort()).toEqual(['filler', 'secrets.key']);
  disk.free();
  rmSync(join(SPIDERHUB_HOME, 'secrets.key'));
});

whereMounted('a lock that found no room leaves nothing behind', () => {
  disk.fill();
  expect(() => takeLock(join(disk.folder, 'lock'))).toThrow('ENOSPC');
  expect(readdirSync(disk.folder)).toEqual(['filler']);
});
