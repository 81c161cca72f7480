import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Service } from '../../support/service.ts';

const DEMO_PROJECT = resolve(__dirname, '../../../examples/demo-project');

export interface Outcome {
  code: number;
  /** Standard output and error as they came. */
  output: string;
}

/** The Python environment with scrapinghub and shub. */
function python(): string {
  const path = process.env.SPIDERHUB_CLIENTS_PYTHON;
  if (!path) throw new Error('SPIDERHUB_CLIENTS_PYTHON is not set: run these tests through `npm test`');
  return path;
}

function execute(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string },
): Promise<Outcome> {
  return new Promise((done) => {
    const env = { ...cleanEnvironment(), ...options.env };
    const child = execFile(command, args, { ...options, env }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
    });
    child.stdin?.end(options.input ?? '');
  });
}

/** Keys and addresses of whoever runs the tests must not decide them. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(SH_|SHUB_|PYTHON)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/**
 * Runs Python against the service with `conn`, a legacy `Connection`, and `project`, and returns what the code put
 * into `result`. Throws with Python's traceback when it fails.
 */
export async function withConnection(
  service: Service,
  code: string,
  key = service.team.key,
): Promise<unknown> {
  const script = [
    'import json, sys, warnings',
    "warnings.filterwarnings('ignore')",
    'from scrapinghub import APIError, Connection',
    `conn = Connection(${JSON.stringify(key)}, url=${JSON.stringify(`${service.url}/api/`)})`,
    `project = conn[${service.team.project}]`,
    code,
    'print("RESULT" + json.dumps(result))',
  ].join('\n');
  const { code: exit, output } = await execute(python(), ['-c', script], {});
  const line = output.split('\n').find((text) => text.startsWith('RESULT'));
  if (exit !== 0 || line === undefined) throw new Error(output);
  return JSON.parse(line.slice('RESULT'.length));
}

/** A copy of the demo project, and a home directory whose `.scrapinghub.yml` names the service. */
export interface ShubHome {
  projectDir: string;
  shub(args: string[], input?: string): Promise<Outcome>;
  remove(): Promise<void>;
}

export async function makeShubHome(
  service: Service,
  { apikey }: { apikey?: string } = {},
): Promise<ShubHome> {
  const home = await mkdtemp(join(tmpdir(), 'shub-'));
  const projectDir = join(home, 'project');
  await mkdir(projectDir);
  await cp(DEMO_PROJECT, projectDir, { recursive: true });
  const endpoint = `endpoints:\n  default: ${service.url}/api/\n`;
  await writeFile(
    join(home, '.scrapinghub.yml'),
    endpoint + (apikey ? `apikeys:\n  default: ${apikey}\n` : ''),
  );
  await writeFile(join(projectDir, 'scrapinghub.yml'), `project: ${service.team.project}\nversion: v-1\n`);
  return {
    projectDir,
    // shub is installed beside its Python; it asks GitHub for updates, which must not slow the tests down.
    shub: (args, input) =>
      execute(join(dirname(python()), 'shub'), args, {
        cwd: projectDir,
        env: { HOME: home, SHUB_STORAGE: `${service.url}/storage`, https_proxy: 'http://127.0.0.1:9' },
        ...(input !== undefined && { input }),
      }),
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
