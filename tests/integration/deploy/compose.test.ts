import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Service {
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  container_name?: string;
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  volumes?: string[];
}

const CHECKOUT = join(__dirname, '../../..');
const TEXT = readFileSync(join(CHECKOUT, 'docker-compose.yml'), 'utf8');
const { services, volumes } = parse(TEXT, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const OURS = ['migrate', 'api', 'worker', 'admin'];

it('starts every process from a program that the build makes', () => {
  for (const name of OURS) {
    const [node, ...rest] = services[name]?.entrypoint ?? services[name]?.command ?? [];
    const program = rest.find((word) => !word.startsWith('--'));
    expect(node).toBe('node');
    const source = String(program).replace('/dist/', '/src/').replace(/\.js$/, '.ts');
    expect([name, source, existsSync(join(CHECKOUT, source))]).toEqual([name, source, true]);
  }
});

it('lets no process of ours gain rights', () => {
  for (const name of OURS) {
    const { cap_drop: dropped, security_opt: options } = services[name] ?? {};
    expect([name, dropped]).toEqual([name, ['ALL']]);
    expect([name, options]).toEqual([name, expect.arrayContaining(['no-new-privileges:true'])]);
  }
});

it('lets workers be as many as wanted', () => {
  expect(services.worker).not.toHaveProperty('container_name');
  expect(services.worker).not.toHaveProperty('ports');
});

it('leaves out of the image what only this checkout has, and tests', () => {
  const ignored = readFileSync(join(CHECKOUT, 'deploy/Dockerfile.dockerignore'), 'utf8').trim().split('\n');
  const own = ['.git', '.spiderhub', '.env', '**/node_modules', '**/dist', '**/*.test.ts', '**/fixtures'];
  expect(ignored).toEqual(expect.arrayContaining(own));
});

it('holds no secret: every password has to be given', () => {
  const inNames = TEXT.matchAll(/(?:PASSWORD|AUTH): (.*)/g);
  const inAddresses = TEXT.matchAll(/:\/\/[^:]*:(\$\{[^}]*\}|[^@\s]*)@/g);
  const secrets = [...inNames, ...inAddresses].map((match) => match[1]);
  expect(secrets.length).toBeGreaterThanOrEqual(4);
  for (const secret of secrets) expect(secret).toMatch(/^\$\{\w+:\?/);
});

it('gives every process the same database, Redis and data', () => {
  for (const name of OURS) {
    const { environment, volumes: mounted } = services[name] ?? {};
    expect(environment?.DATABASE_URL).toContain('@postgres:5432/');
    expect(environment?.REDIS_URL).toContain('@valkey:6379/');
    expect(mounted).toEqual(['data:/data']);
  }
  expect(Object.keys(volumes)).toEqual(['postgres', 'valkey', 'data']);
});

it('starts nothing before the schema is there, and checks the health of what others wait for', () => {
  for (const name of ['api', 'worker', 'admin']) {
    expect(services[name]?.depends_on?.migrate?.condition).toBe('service_completed_successfully');
  }
  for (const name of ['postgres', 'valkey', 'api', 'worker'])
    expect(services[name]?.healthcheck?.test.length).toBeGreaterThan(1);
  for (const { depends_on = {} } of Object.values(services)) {
    for (const other of Object.keys(depends_on)) expect(services).toHaveProperty(other);
  }
});

it('sets only variables that some process reads', () => {
  const folder = join(CHECKOUT, 'packages/platform/src/config');
  const read = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join();
  for (const name of OURS) {
    for (const variable of Object.keys(services[name]?.environment ?? {})) {
      expect([variable, read.includes(` ${variable}:`)]).toEqual([variable, true]);
    }
  }
});

describe('with an S3 instead of a shared volume', () => {
  const text = readFileSync(join(CHECKOUT, 'deploy/compose.objects.yml'), 'utf8');
  const merged = parse(text.replaceAll(/!(?:override|reset)\b/g, ''), { merge: true }) as {
    services: Record<string, Service>;
  };

  it('every process of ours has the bucket, the key of secrets and a volume of its own', () => {
    for (const name of OURS) {
      const { environment, volumes: mounted } = merged.services[name] ?? {};
      expect(environment).toMatchObject({ STORAGE_URL: expect.stringMatching(/^s3:/) });
      expect(environment?.SECRETS_KEY).toMatch(/^\$\{\w+:\?/);
      expect(environment?.AWS_SECRET_ACCESS_KEY).toMatch(/^\$\{\w+:\?/);
      expect(mounted).toEqual(['/data']);
    }
    // What is not replaced is added to.
    expect(text.match(/volumes: !override \[\/data\]/g)).toHaveLength(OURS.length);
  });

  it('only what stands in front has ports', () => {
    expect(text).toContain('ports: !reset []');
    expect(merged.services.api?.ports).toEqual([]);
    expect(merged.services.front?.ports).toEqual(services.api?.ports);
  });

  it('what stands in front finds the API processes by the first resolver of its container, whichever engine runs it', () => {
    const { command, volumes: mounted } = merged.services.front ?? {};
    expect(mounted).toEqual(['./deploy/front.conf:/front.conf:ro']);
    expect(command?.[2]).toMatch(/^sed "s\/RESOLVER\/.*exit }' \/etc\/resolv\.conf\)\/" \/front\.conf > /);
    const config = readFileSync(join(CHECKOUT, 'deploy/front.conf'), 'utf8');
    expect(config).toMatch(/^resolver RESOLVER .*ipv6=off;$/m);
    // The usual lines name the user, which is the API key.
    expect(config).toMatch(/^access_log off;$/m);
    // A call to a container that was killed goes to the next one before its caller gives up.
    expect(config).toMatch(/^proxy_connect_timeout \ds;$/m);
  });
});
