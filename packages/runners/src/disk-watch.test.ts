import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMostOnDisk } from './disk-watch.ts';

it('speaks when there is too much, and when there is a folder in which more may hide', async () => {
  const root = await mkdtemp(join(tmpdir(), 'watch-'));
  try {
    await writeFile(join(root, 'some'), 'x'.repeat(100_000));
    const look = atMostOnDisk([root], 1024 ** 2);
    expect(await look()).toBeNull();
    expect(await atMostOnDisk([root], 1000)()).toContain('to disk');
    const dig = `for (let n = 0; n < 20; n += 1) {
      fs.mkdirSync('d'.repeat(250));
      process.chdir('d'.repeat(250));
    }`;
    execFileSync(process.execPath, ['-e', dig], { cwd: root });
    expect(await look()).toBe('made a folder that cannot be looked into');
  } finally {
    execFileSync('rm', ['-rf', '--', root]);
  }
});
