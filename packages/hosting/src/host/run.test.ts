import { endRuns, run, runOrThrow } from './run.ts';

it('tells what a program said and how it ended', async () => {
  const ran = await run('/bin/sh', ['-c', 'echo out; echo err >&2; exit 3']);
  expect(ran).toMatchObject({ code: 3, stdout: 'out\n' });
  expect(ran.output.split('\n').sort()).toEqual(['', 'err', 'out']);
});

it('has no code for a program that is missing or that a signal ended', async () => {
  expect((await run('/nowhere/tool', [])).code).toBeNull();
  expect((await run('/bin/sh', ['-c', 'kill -9 $$'])).code).toBeNull();
});

it('throws with the last words of a program that failed', async () => {
  await expect(runOrThrow('/bin/sh', ['-c', 'echo no such thing >&2; exit 1'])).rejects.toThrow(
    '/bin/sh failed (1):\nno such thing',
  );
});

it('ends what runs and starts no more once the process is asked to end', async () => {
  const sleeping = run('/bin/sleep', ['300']);
  endRuns();
  expect((await sleeping).code).toBeNull();
  expect(await run('/bin/true', [])).toMatchObject({ code: null, output: 'interrupted' });
});
