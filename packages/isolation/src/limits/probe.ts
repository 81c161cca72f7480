import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Groups } from './groups.ts';
import { members } from './remove-group.ts';
import type { Base } from './subtree.ts';
import { allowanceOf, DEFAULT_UNIT } from './unit.ts';

/** Proves that a group can be made, limited and joined here, by doing it. Throws what stands in the way. */
export async function probeBase(base: Base, name: string): Promise<void> {
  const groups = new Groups([base], name);
  const own = `probe-${process.pid}`;
  const made = await groups.make(own, allowanceOf({ ...DEFAULT_UNIT, cpus: 1 }, 1));
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    await once(child, 'spawn');
    for (const directory of made.directories) {
      await writeFile(join(directory, 'cgroup.procs'), String(child.pid));
      if (!(await members(directory)).includes(child.pid as number))
        throw new Error(`${directory} does not take processes`);
    }
    const memory = made.of('memory');
    if (memory) await checkMemory(memory, base.version);
  } finally {
    child.kill('SIGKILL');
    await groups.remove(own);
  }
}

async function checkMemory(directory: string, version: 1 | 2): Promise<void> {
  const file = version === 2 ? 'memory.max' : 'memory.limit_in_bytes';
  const limit = Number(await readFile(join(directory, file), 'latin1'));
  if (limit !== DEFAULT_UNIT.memoryMb * 2 ** 20)
    throw new Error(`${directory} does not keep a limit of memory`);
}
