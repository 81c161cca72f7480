// Holds the manifests in deploy/kubernetes against the schemas of Kubernetes itself: `node scripts/manifests.mjs PYTHON`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FOLDER = 'deploy/kubernetes';
/** The release whose words we use. */
const VERSION = '1.34.0';

const [python] = process.argv.slice(2);
// No cluster reads kustomization.yaml: kubectl does.
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
const program = join(dirname(python), 'kubernetes-validate');
const paths = files.map((name) => join(FOLDER, name));
const { status, stdout, stderr, error } = spawnSync(program, ['-k', VERSION, '--strict', ...paths], {
  encoding: 'utf8',
});
if (error) throw error;
// A kind without a schema is only a warning there.
const passed = `${stdout}${stderr}`.match(/^INFO .* passed /gm)?.length ?? 0;
if (status !== 0 || /^(WARN|ERROR)/m.test(`${stdout}${stderr}`) || passed < files.length) {
  process.stderr.write(`${stdout}${stderr}`);
  process.exit(1);
}
console.log(`${passed} manifests fit Kubernetes ${VERSION}`);
