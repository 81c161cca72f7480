import { execFileSync } from 'node:child_process';
import { type Answer, type Door, MARK, multipart, type Row, type Stage } from '../stage.ts';

/** Writes a ZIP from a list of [name, content, more]; `more` sets what an honest packer never does. */
const ZIP = `
import io, json, sys, zipfile
out = io.BytesIO()
with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as egg:
    for name, content, more in json.load(sys.stdin):
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = int(more.get('mode', '100644'), 8) << 16
        if 'zeros' in more:
            with egg.open(info, 'w', force_zip64=True) as entry:
                for _ in range(more['zeros']): entry.write(bytes(1 << 20))
        else: egg.writestr(info, content)
sys.stdout.buffer.write(out.getvalue())
`;
type Entry = [name: string, content: string, more?: { mode?: string; zeros?: number }];

const ENTRY_POINTS: Entry = ['EGG-INFO/entry_points.txt', '[scrapy]\nsettings = small.settings\n'];
const PROJECT: Entry[] = [
  ENTRY_POINTS,
  ['small/__init__.py', ''],
  ['small/settings.py', "SPIDER_MODULES = ['small.spiders']\n"],
  ['small/spiders.py', ''],
];

function zip(entries: Entry[]): Buffer {
  const input = JSON.stringify(entries.map(([name, content, more]) => [name, content, more ?? {}]));
  return execFileSync('python3', ['-W', 'ignore', '-c', ZIP], { input, maxBuffer: 200 * 1024 * 1024 });
}

/** Deploys through a door; gives the verdict. */
async function deploy(
  stage: Stage,
  door: Door,
  egg: Buffer,
  more: [string, string | Buffer][] = [],
): Promise<Answer> {
  const [path, project] =
    door === 'api'
      ? ['/api/scrapyd/addversion.json', String(stage.mine)]
      : ['/scrapyd/addversion.json', stage.myName];
  return stage.ask({
    path,
    ...multipart([['project', project], ['version', 'hostile'], ...more, ['egg', egg]]),
  });
}

async function refusesEgg(
  stage: Stage,
  door: Door,
  egg: Buffer,
  why: RegExp,
  more: [string, string | Buffer][] = [],
): Promise<void> {
  const { text } = await deploy(stage, door, egg, more);
  expect(text).toMatch(/"status": ?"error"/);
  expect(text).toMatch(why);
  const versions = await stage.ask({ path: `/scrapyd/listversions.json?project=${stage.myName}` });
  expect(versions.text).not.toContain('hostile');
}

const DOORS: Door[] = ['api', 'scrapyd'];
const runs = (code: string) => zip([...PROJECT.slice(0, 3), ['small/spiders.py', code]]);

export const EGGS: Row[] = [
  {
    row: 60,
    what: 'entries that climb out of the egg',
    doors: DOORS,
    async run(stage, door) {
      for (const name of [
        `../../../../../tmp/${MARK}`,
        `/etc/cron.d/${MARK}`,
        `..\\..\\${MARK}`,
        `a/../../${MARK}`,
      ])
        await refusesEgg(
          stage,
          door,
          zip([...PROJECT, [name, 'x']]),
          /unsafe path|invalid (relative|characters)|absolute path/i,
        );
    },
  },
  {
    row: 61,
    what: 'links and devices in an egg',
    doors: DOORS,
    async run(stage, door) {
      for (const mode of ['120777', '020666', '010644'])
        await refusesEgg(
          stage,
          door,
          zip([...PROJECT, ['small/link', '/etc/passwd', { mode }]]),
          /neither a file nor a folder/,
        );
    },
  },
  {
    row: 62,
    what: 'eggs that unfold to gigabytes, also such as lie about it',
    doors: DOORS,
    async run(stage, door) {
      const bomb = zip([...PROJECT, ['small/zeros', '', { zeros: 300 }]]);
      await refusesEgg(stage, door, bomb, /unpacks to \d+ MB/);
      const small = zip([...PROJECT, ['small/zeros', '', { zeros: 1 }]]);
      const lie = Buffer.from(small);
      const at = lie.lastIndexOf('small/zeros') - 46;
      // The size that the directory of the egg declares.
      lie.writeUInt32LE(10, at + 24);
      await refusesEgg(stage, door, lie, /cannot be unpacked|unsafe path or broken entry/);
    },
  },
  {
    row: 63,
    what: 'more entries than any project has',
    doors: DOORS,
    run: (stage, door) =>
      refusesEgg(
        stage,
        door,
        zip(Array.from({ length: 20_001 }, (_, i): Entry => [`small/f${i}`, ''])),
        /more than 20000 entries/,
      ),
  },
  {
    row: 64,
    what: 'files that are no egg',
    doors: DOORS,
    async run(stage, door) {
      const good = zip(PROJECT);
      const all: Buffer[] = [
        Buffer.from('no ZIP'),
        Buffer.from(' '),
        good.subarray(0, good.length - 40),
        Buffer.concat([Buffer.from('<script>alert(1)</script>'), good]),
        zip([...PROJECT, ['small/spiders.py', 'x']]),
        zip([...PROJECT, [`small/${'d/'.repeat(5000)}f`, '']]),
      ];
      for (const egg of all) await refusesEgg(stage, door, egg, /egg/);
    },
  },
  {
    row: 65,
    what: 'eggs that name no settings module, or something else in its place',
    doors: DOORS,
    async run(stage, door) {
      await refusesEgg(stage, door, zip(PROJECT.slice(1)), /no scrapy settings entry point/);
      for (const value of ['os:system', '../x', 'a b', '__import__("os")'])
        await refusesEgg(
          stage,
          door,
          zip([['EGG-INFO/entry_points.txt', `[scrapy]\nsettings = ${value}\n`], ...PROJECT.slice(1)]),
          /not a module/,
        );
    },
  },
  {
    row: 66,
    what: 'an egg that acts when its spiders are listed',
    doors: DOORS,
    async run(stage, door) {
      const code = `import os\nos.system("echo said; touch /tmp/${MARK} /etc/${MARK}")\nraise ValueError("the egg's own words")`;
      const { text } = await deploy(stage, door, runs(code));
      expect(text).toContain("the egg's own words");
      expect(text).toMatch(/"status": ?"error"/);
      stage.onlyWhereBoxed('the listing wrote into /tmp or /etc');
    },
  },
  {
    row: 67,
    what: 'an egg that writes a list of spiders of its own, and a flood',
    doors: DOORS,
    async run(stage, door) {
      const code =
        'import os, sys\nfor _ in range(2000): print("x" * 10000)\nprint("{\\"spiders\\":[\\"forged\\"]}")\ntry: os.write(3, b"{\\"spiders\\":[\\"forged\\"]}")\nexcept OSError: pass\n';
      const { text } = await deploy(stage, door, runs(code));
      expect(text.length).toBeLessThan(100_000);
      const listed = await stage.ask({
        path: `/scrapyd/listspiders.json?project=${stage.myName}&_version=hostile`,
      });
      // It can only lie about itself, and what it says has to be a list of names.
      expect(text + listed.text).not.toContain('x'.repeat(9000));
      await stage.service.db.database('versions').where({ name: 'hostile' }).delete();
    },
  },
  {
    row: 68,
    what: 'names of libraries that climb',
    doors: ['api'],
    async run(stage) {
      for (const name of ['../../x', '..', '/x', '']) {
        const form = multipart([
          ['project', String(stage.mine)],
          ['name', name],
          ['version', '1'],
          ['egg', zip(PROJECT)],
        ]);
        const answer = await stage.ask({ path: '/api/eggs/add.json', ...form });
        // Stored under a number; the name is only shown.
        expect([200, 400]).toContain(answer.status);
      }
      await stage.service.db.database('project_eggs').where({ project_id: stage.mine }).delete();
    },
  },
  {
    row: 69,
    what: 'an egg of 51 MB',
    doors: DOORS,
    async run(stage, door) {
      const answer = await deploy(stage, door, Buffer.alloc(51 * 1024 * 1024, 'PK')).catch(
        (error: NodeJS.ErrnoException) => error.code,
      );
      // Whoever goes on sending after the answer may find the connection closed before reading it.
      if (typeof answer === 'object') expect(answer.status).toBe(413);
      else expect(['ECONNRESET', 'EPIPE']).toContain(answer);
    },
  },
  {
    row: 70,
    what: 'requirements that are options, files, or addresses of this network',
    doors: ['api'],
    async run(stage) {
      const bad = [
        '--index-url http://169.254.169.254/',
        '-i http://127.0.0.1:1/',
        '--extra-index-url=http://10.0.0.1/',
        '-e git+ssh://git@10.0.0.1/x',
        '-r /etc/passwd',
        '-r file:///etc/passwd',
        '-c /etc/passwd',
        '--find-links /etc',
        '-f /',
        '--trusted-host x',
        'x @ file:///etc',
        'x @ http://127.0.0.1:1/x.whl',
        'x @ http://[::ffff:127.0.0.1]/x.whl',
        'x @ http://2130706433/x.whl',
        './x',
        '/etc',
        'http://169.254.169.254/x.whl',
        '--pre',
        '-r\\\n /etc/passwd',
      ];
      for (const line of bad) {
        const { text } = await deploy(stage, 'api', zip(PROJECT), [['requirements', `six\n${line}\n`]]);
        expect([line, text]).toEqual([line, expect.stringMatching(/"status":"error".*requirements/)]);
        expect(text).not.toMatch(/root:|daemon:/);
      }
    },
  },
];
