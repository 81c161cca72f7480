import { MARK, multipart, type Row, type Stage } from '../stage.ts';

/** Names that would be paths, if anything took them for paths, and such that only look odd. */
const CLIMBING = ['../../etc', '..', '.', '', 'a/../b', '/abs', '../x', 'a\0b'];
const ODD = ['%2e%2e%2fx', '..%252f', '..\\x', 'con', 'a\u202eb', 'ａ．．／', 'x'.repeat(256)];

const egg = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]);

function deploy(stage: Stage, path: string, project: string, version: string) {
  return stage.ask({
    path,
    ...multipart([
      ['project', project],
      ['version', version],
      ['egg', egg],
    ]),
  });
}

/** Versions of my project by Scrapyd's words. */
async function versions(stage: Stage): Promise<string> {
  return (await stage.ask({ path: `/scrapyd/listversions.json?project=${stage.myName}` })).text;
}

export const NAMES: Row[] = [
  {
    row: 1,
    what: 'a project that climbs out of its folder',
    doors: ['api', 'scrapyd'],
    async run(stage, door) {
      const path = door === 'api' ? '/api/scrapyd/addversion.json' : '/scrapyd/addversion.json';
      const answer = await deploy(stage, path, `../../${MARK}`, '1');
      expect(answer.text).toMatch(/"status": ?"error"/);
      expect(answer.status).toBe(door === 'api' ? 400 : 200);
    },
  },
  {
    row: 2,
    what: 'names of projects that are paths, encoded twice, or no names at all',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      for (const name of [...CLIMBING, ...ODD]) {
        const value = encodeURIComponent(name);
        if (door === 'api') await stage.refused({ path: `/api/jobs/list.json?project=${value}` });
        else if (door === 'storage') await stage.refused({ path: `/storage/jobq/${value}/count` });
        else await stage.refused({ path: '/scrapyd/schedule.json', form: { project: name, spider: 'a' } });
      }
      if (door !== 'scrapyd') return;
      for (const name of CLIMBING)
        expect((await deploy(stage, '/scrapyd/addversion.json', name, '1')).text).toContain('error');
    },
  },
  {
    row: 3,
    what: 'files outside of any folder that is served',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const [up, twice] = ['..%2f..%2f..%2f..%2fetc%2fpasswd', '%252e%252e%252fetc%252fpasswd'];
      const paths = {
        api: [
          `/api/${up}`,
          '/demo/..%2f..%2fpackage.json',
          '/api/../../../etc/passwd',
          '/assets/..%2f..%2f.env',
        ],
        storage: [`/storage/items/${stage.mine}/${up}`, `/storage/logs/${stage.mine}/1/${twice}`],
        scrapyd: [
          `/scrapyd/logs/${stage.myName}/a/${up}.log`,
          `/scrapyd/items/${stage.myName}/${twice}`,
          `/scrapyd/logs/${up}`,
        ],
        job: [],
      }[door];
      for (const path of paths)
        expect((await stage.refused({ path }, [400, 404])).text).not.toContain('root:');
    },
  },
  {
    row: 4,
    what: 'patterns for names',
    doors: ['scrapyd'],
    async run(stage) {
      for (const project of ['*', '[a-z]*', 'acme%'])
        expect(
          (await stage.ask({ path: `/scrapyd/listversions.json?project=${encodeURIComponent(project)}` }))
            .text,
        ).not.toContain('1.0');
    },
  },
  {
    row: 5,
    what: 'removal of a version that climbs',
    doors: ['api', 'scrapyd'],
    async run(stage, door) {
      const before = await versions(stage);
      for (const version of ['../../other/1', '..', '../1.0', '*'])
        if (door === 'scrapyd')
          await stage.refused({ path: '/scrapyd/delversion.json', form: { project: stage.myName, version } });
        else
          await stage.refused({
            path: '/api/eggs/delete.json',
            form: { project: String(stage.mine), name: version },
          });
      expect(await versions(stage)).toBe(before);
    },
  },
  {
    row: 6,
    what: 'two versions that a file system would call the same',
    doors: ['scrapyd'],
    async run(stage) {
      const { database } = stage.service.db;
      const [like] = await database('versions').where({ project_id: stage.mine, name: '1.0' });
      await database('versions').insert({ ...like, name: '1_0' });
      const names = await database('versions').where({ project_id: stage.mine }).pluck('name');
      expect(new Set(names)).toEqual(new Set(['1.0', '1_0']));
      await database('versions').where({ project_id: stage.mine, name: '1_0' }).delete();
    },
  },
  {
    row: 7,
    what: 'spiders that a shell or a command line would take for something else',
    doors: ['api', 'scrapyd', 'storage'],
    async run(stage, door) {
      for (const spider of ['--help', '-s X=Y', '`id`', '$(id)', `;touch /tmp/${MARK}`]) {
        if (door === 'api')
          await stage.refused({ path: '/api/run.json', form: { project: String(stage.mine), spider } });
        else if (door === 'scrapyd')
          await stage.refused({ path: '/scrapyd/schedule.json', form: { project: stage.myName, spider } });
        else {
          // The storage API takes names of any kind, and Scrapy is handed this one by no shell.
          const { text } = await stage.ask({
            path: `/storage/jobq/${stage.mine}/push`,
            body: JSON.stringify({ spider }),
          });
          const { log, items } = await stage.ended((JSON.parse(text) as { key: string }).key);
          expect(items).toBe('');
          expect(log).not.toMatch(/uid=\d/);
        }
      }
    },
  },
  {
    row: 8,
    what: 'a setting without a value',
    doors: ['scrapyd'],
    async run(stage) {
      await stage.refused({
        path: '/scrapyd/schedule.json',
        form: { project: stage.myName, spider: 'a', setting: 'a' },
      });
    },
  },
  {
    row: 9,
    what: 'ids of jobs that climb, exist, or are endless',
    doors: ['scrapyd'],
    async run(stage) {
      const form = (jobid: string) => ({ project: stage.myName, spider: 'a', jobid });
      const taken = `taken-${stage.mine}`;
      const first = await stage.ask({ path: '/scrapyd/schedule.json', form: form(taken) });
      expect(first.text).toContain('"status": "ok"');
      for (const jobid of ['../../x', '..', '', taken, 'x'.repeat(10_000), 'a\nb', `${stage.mine}/1/1`])
        await stage.refused({ path: '/scrapyd/schedule.json', form: form(jobid) });
    },
  },
];
