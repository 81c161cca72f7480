import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '@spiderhub/testkit';
import { type KeptAlive, keepAlive } from './kept-alive.ts';

const READY = 'process.send("ready"); setInterval(() => {}, 1000)';

const running: KeptAlive[] = [];
afterEach(() => {
  for (const kept of running.splice(0)) {
    kept.letGo();
    kept.child?.kill('SIGKILL');
  }
});

/** Starts these programs one after the other, the last one again and again. */
function keep(...programs: string[]) {
  const started: ChildProcess[] = [];
  const kept = keepAlive('x', 1, () => {
    const program = programs[Math.min(started.length, programs.length - 1)] as string;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    started.push(child);
    return child;
  });
  running.push(kept);
  return { kept, started };
}

it('starts a process again that ends by itself, and notes it', async () => {
  const { kept, started } = keep('process.send("ready", () => process.exit(3))', READY);
  await eventually(() => expect(kept.crashes).toEqual(['x ended by itself (3)']));
  await kept.ready();
  expect([started.length, kept.child]).toEqual([2, started[1]]);
});

it('notes no end that was asked for, and each one that was not', async () => {
  const { kept, started } = keep(READY);
  await kept.ready();
  kept.expectEnd(1);
  kept.child?.kill('SIGKILL');
  await eventually(() => expect(started).toHaveLength(2));
  await kept.ready();
  expect(kept.crashes).toEqual([]);
  kept.child?.kill('SIGKILL');
  await eventually(() => expect(kept.crashes).toEqual(['x ended by itself (SIGKILL)']));
});

it('lets who waits for one that never became ready wait for the next one', async () => {
  const { kept, started } = keep('process.exit(1)', READY);
  await kept.ready();
  expect([started.length, kept.crashes]).toEqual([2, []]);
});

it('starts nothing any more that was let go', async () => {
  const { kept, started } = keep(READY);
  await kept.ready();
  kept.letGo();
  const gone = once(kept.child as ChildProcess, 'exit');
  kept.child?.kill('SIGKILL');
  await gone;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([started.length, kept.child]).toEqual([1, null]);
});
