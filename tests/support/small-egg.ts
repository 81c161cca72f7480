import { execFileSync } from 'node:child_process';
import type { Service } from './service.ts';

const ZIP = `
import io, json, sys, zipfile
out = io.BytesIO()
with zipfile.ZipFile(out, 'w') as egg:
    for path, text in json.load(sys.stdin).items():
        egg.writestr(path, text)
sys.stdout.buffer.write(out.getvalue())
`;

/** The egg of a project `small` with one spider module. */
export function smallEgg(spiders: string, settings = ''): Buffer {
  const files = {
    'EGG-INFO/PKG-INFO': 'Metadata-Version: 2.1\nName: small\nVersion: 1.0\n',
    'EGG-INFO/entry_points.txt': '[scrapy]\nsettings = small.settings\n',
    'small/__init__.py': '',
    'small/settings.py': `SPIDER_MODULES = ['small.spiders']\n${settings}`,
    'small/spiders.py': spiders,
  };
  return execFileSync('python3', ['-c', ZIP], { input: JSON.stringify(files) });
}

/** Deploys an egg over HTTP as shub does; returns the lines of the answer. */
export async function deployEgg(
  service: Service,
  egg: Buffer,
  fields: Record<string, string> = {},
): Promise<string[]> {
  const form = new FormData();
  const all = { project: String(service.team.project), version: '1.0', ...fields };
  for (const [name, value] of Object.entries(all)) form.set(name, value);
  form.set('egg', new Blob([new Uint8Array(egg)]), 'small.egg');
  const answer = await service.call('/api/scrapyd/addversion.json', form);
  return (await answer.text()).trim().split('\n');
}
