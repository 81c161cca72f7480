import { isRunning } from './contract/support.ts';
import { runChild } from './run-child.ts';

const sh = (script: string, more: Partial<Parameters<typeof runChild>[2]> = {}) =>
  runChild('/bin/sh', ['-c', script], { env: {}, timeoutMs: 60_000, ...more });

describe('a child', () => {
  it('gives its exit code, its result from descriptor 3 and the end of what it said', async () => {
    const run = await sh('echo out; echo err >&2; echo result >&3; exit 3');
    expect(run).toMatchObject({ code: 3, timedOut: false });
    expect(run.result.toString()).toBe('result\n');
    expect(run.tail.split('\n').sort()).toEqual(['err', 'out']);
  });

  it('tells each line while it runs, and not a half one', async () => {
    const lines: string[] = [];
    await sh('printf "a\\nb"; printf "c\\nd"', { onLine: (line) => lines.push(line) });
    expect(lines).toEqual(['a', 'bc']);
  });

  it('has the environment that it was given, and nothing of ours', async () => {
    process.env.SECRET_OF_OURS = 'x';
    const run = await sh('echo "$MINE $SECRET_OF_OURS"', { env: { MINE: '1' } });
    delete process.env.SECRET_OF_OURS;
    expect(run.tail).toBe('1');
  });

  it('keeps the beginning of a long result and the end of long output', async () => {
    const mebibyte = 'head -c 1048576 /dev/zero';
    const run = await sh(`for i in 1 2 3 4 5 6 7 8 9; do ${mebibyte} >&3; done; ${mebibyte}; echo end`);
    expect(run.result).toHaveLength(8 * 1024 * 1024);
    expect(run.tail.length).toBeLessThanOrEqual(4096);
    expect(run.tail).toMatch(/end$/);
  });

  it('is killed with its whole group when its time is over', async () => {
    const run = await sh('sleep 600 & wait', { timeoutMs: 50 });
    expect(run).toMatchObject({ code: null, timedOut: true });
  });

  it('may clean up first when it has a grace time', async () => {
    const script = 'trap "echo cleaned; exit 9" TERM; echo ready; while :; do sleep 0.01; done';
    const run = await sh(script, { timeoutMs: 3000, graceMs: 60_000 });
    expect(run).toMatchObject({ code: 9, timedOut: true });
    expect(run.tail).toMatch(/cleaned/);
  });

  it('leaves nobody of its group behind, and does not wait for what left it', async () => {
    const run = await sh('sleep 600 & echo $!; setsid sleep 5 & exit 0');
    const pid = Number(run.tail);
    expect(run.code).toBe(0);
    expect(isRunning(pid)).toBe(false);
  });

  it('rejects what cannot be executed', async () => {
    const run = runChild('/no/such/program', [], { env: {}, timeoutMs: 60_000 });
    await expect(run).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
