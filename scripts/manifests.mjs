// Holds the manifests in deploy/kubernetes and its overlay, each file and what kustomize makes of all, against the schemas of Kubernetes itself: `node scripts/manifests.mjs PYTHON`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const FOLDERS = ['deploy/kubernetes', 'deploy/kubernetes-files', 'deploy/kubernetes-pods'];
/** The release whose words we use. */
const VERSION = '1.34.0';

const [python] = process.argv.slice(2);
const rendered = mkdtempSync(join(tmpdir(), 'spiderhub-manifests-'));
const paths = FOLDERS.flatMap((folder) => [...filesOf(folder), ...renderedOf(folder)]);
const program = join(dirname(python), 'kubernetes-validate');
const { status, stdout, stderr, error } = spawnSync(program, ['-k', VERSION, '--strict', ...paths], {
  encoding: 'utf8',
});
rmSync(rendered, { recursive: true });
if (error) throw error;
// A kind without a schema is only a warning there.
const passed = `${stdout}${stderr}`.match(/^INFO .* passed /gm)?.length ?? 0;
if (status !== 0 || /^(WARN|ERROR)/m.test(`${stdout}${stderr}`) || passed < paths.length) {
  process.stderr.write(`${stdout}${stderr}`);
  process.exit(1);
}
console.log(`${passed} manifests fit Kubernetes ${VERSION}`);

/** No cluster reads kustomization.yaml: kubectl does. */
function filesOf(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
    .map((name) => join(folder, name));
}

/** What kubectl would apply; nothing where there is no kubectl. */
function renderedOf(folder) {
  const made = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  if (made.error?.code === 'ENOENT') {
    console.log(`No kubectl: what kustomize makes of ${folder} is not looked at`);
    return [];
  }
  if (made.status !== 0) throw new Error(`kubectl kustomize ${folder}: ${made.stderr}`);
  const path = join(rendered, `${folder.replaceAll('/', '-')}.yaml`);
  writeFileSync(path, made.stdout);
  return [path];
}
