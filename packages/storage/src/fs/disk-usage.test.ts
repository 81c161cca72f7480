import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesBelow } from './disk-usage.ts';

it('measures a folder in which a crawl locked one, and made one deeper than paths may be long', async () => {
  const root = await mkdtemp(join(tmpdir(), 'usage-'));
  try {
    await writeFile(join(root, 'open'), 'x'.repeat(10_000));
    await mkdir(join(root, 'locked'));
    await chmod(join(root, 'locked'), 0);
    const dig = `for (let n = 0; n < 20; n += 1) {
      fs.mkdirSync('d'.repeat(250));
      process.chdir('d'.repeat(250));
    }`;
    execFileSync(process.execPath, ['-e', dig], { cwd: root });
    expect(await bytesBelow(root)).toBeGreaterThanOrEqual(10_000);
    expect(await bytesBelow(join(root, 'missing'))).toBe(0);
  } finally {
    execFileSync('rm', ['-rf', '--', root]);
  }
});
