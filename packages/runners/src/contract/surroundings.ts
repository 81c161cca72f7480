import type { Stage } from './stage.ts';
import { crawlRequest } from './support.ts';

/** A crawl gets what its job says, and nothing of its worker. */
export function surroundingsTests(stage: Stage): void {
  it('runs a script of the egg with its arguments and its environment', async () => {
    const crawl = await stage.start(
      crawlRequest(stage.probe, {
        spiderName: 'py:greet.py',
        command: ['--loud'],
        environment: { OWN_VARIABLE: 'own' },
      }),
    );
    const heard = stage.hear(crawl);
    await heard.toEnd();
    expect(heard.logs()).toContain("greetings ['--loud'] own");
    expect(await crawl.exited).toMatchObject({ code: 0 });
  });

  it('keeps everything of the worker out of the crawl', async () => {
    process.env.DATABASE_URL = 'postgres://secret';
    const crawl = await stage.start(
      crawlRequest(stage.probe, {
        spiderName: 'environment',
        args: { word: 'é"=\n' },
        settings: { WORD: '"of the job"' },
        environment: { MINE: '1', SHUB_JOBKEY: '9/9/9', 'A=B': 'x' },
      }),
    );
    const heard = stage.hear(crawl);
    await heard.toEnd();
    delete process.env.DATABASE_URL;
    const seen = heard.payloads('ITM')[0] as { env: Record<string, string>; fds: string[]; path: string[] };
    const foreign = Object.keys(seen.env).filter((name) => !/^(SHUB_|SCRAPY_|PYTHON|LC_)/.test(name));
    expect(foreign.sort()).toEqual(['HOME', 'LANG', 'MINE', 'PATH', 'TMPDIR']);
    expect(seen.env.SHUB_JOBKEY).not.toBe('9/9/9');
    expect(Buffer.from(seen.env.SHUB_JOBAUTH ?? '', 'hex').toString()).toBe(
      `${seen.env.SHUB_JOBKEY}:job-token`,
    );
    expect(seen).toMatchObject({ cwd: seen.env.HOME, args: 'é"=\n', setting: 'of the job' });
    expect(seen.path.some((entry) => entry.endsWith('launcher'))).toBe(false);
  });

  it('hands job and settings over as the JSON text that libraries parse, and long ones as files', async () => {
    const request = { spiderName: 'environment', tags: ['é'], settings: { WORD: '"of the job"' } };
    const short = stage.hear(await stage.start(crawlRequest(stage.probe, request)));
    await short.toEnd();
    const { env } = short.payloads('ITM')[0] as { env: Record<string, string> };
    expect(JSON.parse(env.SHUB_JOB_DATA ?? '')).toMatchObject({ key: env.SHUB_JOBKEY, tags: ['é'] });
    expect(JSON.parse(env.SHUB_SETTINGS ?? '')).toMatchObject({ job_settings: { WORD: 'of the job' } });

    const word = 'é'.repeat(65_000);
    const args = { word };
    const settings = { WORD: JSON.stringify(word) };
    const long = stage.hear(
      await stage.start(crawlRequest(stage.probe, { spiderName: 'environment', args, settings })),
    );
    await long.toEnd();
    expect(long.payloads('ITM')[0]).toMatchObject({ args: word, setting: word });
  });
}
