import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PodRunner } from '@spiderhub/runners';
import { eventually } from '@spiderhub/testkit';
import { RefusedByCluster } from './cluster.ts';
import { listen, openRunner, PODS, podOf, request, run } from './runner-stage.ts';
import { missing, NAMESPACE, openSite, type Site } from './stage.ts';

/** What a crawl in a Pod, or who holds one of the tokens, tries against the cluster and its neighbours. */

const why = missing();
if (why) process.stderr.write(`Attacks by Pods are not tried: ${why}\n`);
const withCluster = why ? describe.skip : describe;

withCluster('a hostile Pod', () => {
  let site: Site;
  let runner: PodRunner;
  beforeAll(async () => {
    site = await openSite();
    runner = await openRunner(site);
  });
  afterAll(async () => {
    runner?.close();
    await site?.close();
  });

  const statusOf = async (token: string, method: string, path: string, body?: object) => {
    try {
      await site.cluster.call(method, path, body, { token });
      return 200;
    } catch (error) {
      if (error instanceof RefusedByCluster) return error.status;
      throw error;
    }
  };
  const secrets = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`;

  it('sees nobody else, no token, and writes to nothing but its own folders', async () => {
    const { said, exit } = await run(runner, 'nosy');
    expect(exit.code).toBe(0);
    const items = said.split('\n').filter((line) => line.startsWith('ITM'));
    const found = items.map((line) => JSON.parse(line.slice(4)) as Record<string, string>);
    expect(found.map((item) => Object.keys(item)[0])).toEqual(['variables', 'processes']);
    expect(found[0]?.variables).toBe('');
    expect(found[1]?.processes).not.toMatch(/python|node|apiserver|etcd/);
  });

  it('has an object that tells nothing of its tenant, and no token that anybody may use', async () => {
    const asked = request('polite');
    const crawl = await runner.start(asked);
    const heard = listen(crawl);
    await heard.until('ITM');
    const pod = await podOf(site, asked.job.id);
    const text = JSON.stringify(pod);
    for (const hidden of ['tenant-password', 'job-token-of-it', 'the secret of the installation'])
      expect(text).not.toContain(hidden);
    expect(pod.spec).toMatchObject({
      automountServiceAccountToken: false,
      serviceAccountName: 'spiderhub-crawl',
    });
    expect(text).not.toContain('kube-api-access');
    await expectClosed(pod.status.podIP ?? '', text);
    await crawl.kill();
    await heard.toEnd();
    await crawl.cleanUp();
  });

  /** Neither no token, nor a wrong one, nor what the Pod shows of the right one opens the agent. */
  async function expectClosed(host: string, text: string): Promise<void> {
    const shown = /"AGENT_TOKEN_SHA256","value":"([0-9a-f]{64})"/.exec(text)?.[1] ?? '';
    expect(shown).toHaveLength(64);
    for (const token of ['', 'wrong', shown, createHash('sha256').update(shown).digest('hex')])
      for (const path of ['/own', '/kill', '/over', '/ended', '/files/environment']) {
        const method = path.startsWith('/files') ? 'PUT' : 'POST';
        const headers = { authorization: `Bearer ${token}`, 'x-worker': 'x' };
        const answer = await fetch(`http://${host}:6801${path}`, { method, headers, body: '{"quietMs":0}' });
        expect([path, answer.status]).toEqual([path, 401]);
      }
    expect((await fetch(`http://${host}:6801/spool/1/0`)).status).toBe(401);
    expect((await fetch(`http://${host}:6801/alive`)).status).toBe(200);
  }

  it('could do nothing with the token of its account, if it had it', async () => {
    const token = await site.cluster.tokenOf(NAMESPACE, 'spiderhub-crawl');
    for (const path of [
      PODS,
      secrets(NAMESPACE),
      secrets('spiderhub'),
      '/api/v1/namespaces',
      '/api/v1/nodes',
    ])
      expect([path, await statusOf(token, 'GET', path)]).toEqual([path, 403]);
    expect(
      await statusOf(token, 'POST', PODS, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }),
    ).toBe(403);
  });

  it('is made by workers that read no secret, enter no Pod and leave other namespaces alone', async () => {
    const token = readFileSync(join(site.account, 'token'), 'utf8');
    expect(await statusOf(token, 'GET', PODS)).toBe(200);
    for (const [method, path] of [
      ['GET', secrets(NAMESPACE)],
      ['GET', `${secrets(NAMESPACE)}/any`],
      ['GET', secrets('spiderhub')],
      ['GET', '/api/v1/namespaces/spiderhub/pods'],
      ['GET', '/api/v1/pods'],
      ['POST', `${PODS}/any/exec?command=sh`],
      ['GET', `${PODS}/any/log`],
      ['PATCH', `${PODS}/any`],
      ['GET', '/api/v1/nodes'],
    ] as const)
      expect([method, path, await statusOf(token, method, path, {})]).toEqual([method, path, 403]);
  });

  it('with more rights than a crawl has is refused by its namespace', async () => {
    const token = readFileSync(join(site.account, 'token'), 'utf8');
    const pod = (spec: object) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'greedy' },
      spec: { serviceAccountName: 'spiderhub-crawl', containers: [{ name: 'x', image: 'x' }], ...spec },
    });
    for (const spec of [{}, { hostNetwork: true }, { volumes: [{ name: 'x', hostPath: { path: '/' } }] }])
      expect(await statusOf(token, 'POST', PODS, pod(spec))).toBe(403);
  });

  it('leaves no login behind that its image needed', async () => {
    const asked = { ...request('polite'), registryLogin: { username: 'me', password: 'login-of-tenant' } };
    const crawl = await runner.start(asked as never);
    const heard = listen(crawl);
    await heard.until('ITM');
    const { items } = await site.cluster.call<{ items: Owned[] }>('GET', secrets(NAMESPACE));
    const { metadata } = await podOf(site, asked.job.id);
    const owned = items.map(({ type, metadata: { ownerReferences = [] } }) => [
      type,
      ownerReferences[0]?.uid,
    ]);
    expect(owned).toEqual([['kubernetes.io/dockerconfigjson', metadata.uid]]);
    await crawl.kill();
    await heard.toEnd();
    await crawl.cleanUp();
    await eventually(async () =>
      expect((await site.cluster.call<{ items: [] }>('GET', PODS)).items).toEqual([]),
    );
  });
});

interface Owned {
  type: string;
  metadata: { ownerReferences?: { uid: string }[] };
}
