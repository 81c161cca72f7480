import { execFileSync } from 'node:child_process';
import { shellText } from './crawl-files.ts';
import type { Pod } from './pod.ts';
import { endOf, hindranceOf } from './pod-end.ts';

type Status = NonNullable<Pod['status']>;
const pod = (status: Status): Pod => ({ metadata: { name: 'p' }, status });
const terminated = (crawl: object, more: Status = {}): Pod =>
  pod({
    phase: 'Running',
    containerStatuses: [
      { name: 'agent', state: { running: {} } },
      { name: 'crawl', state: { terminated: crawl as never } },
    ],
    ...more,
  });

it.each<[string, Pod | null, object]>([
  ['an exit status', terminated({ exitCode: 7, reason: 'Error' }), { code: 7, signal: null }],
  ['a good end', terminated({ exitCode: 0, reason: 'Completed' }), { code: 0, signal: null }],
  ['memory', terminated({ exitCode: 137, reason: 'OOMKilled' }), { signal: 'SIGKILL', exceeded: 'oom' }],
  ['a kill', terminated({ exitCode: 137, reason: 'Error' }), { signal: 'SIGKILL', exceeded: 'nothing' }],
  ['a signal', terminated({ exitCode: 143, reason: 'Error' }), { code: null, signal: 'SIGTERM' }],
  ['no shell', terminated({ exitCode: 128, reason: 'StartError', message: 'no /bin/sh' }), { code: 128 }],
  ['a node that forgot', terminated({ exitCode: 137, reason: 'ContainerStatusUnknown' }), { shimDied: true }],
  ['preemption', pod({ phase: 'Failed', reason: 'Preempting' }), { shimDied: true }],
  ['its deadline', pod({ phase: 'Failed', reason: 'DeadlineExceeded' }), { shimDied: true }],
  ['a Pod that is gone', null, { shimDied: true }],
])('tells %s', (_, seen, exit) => {
  expect(endOf(seen)?.exit).toMatchObject(exit);
});

it('tells a Pod that took too much disk from a node that has too little', () => {
  const evicted = (message: string) => endOf(pod({ phase: 'Failed', reason: 'Evicted', message }))?.exit;
  expect(
    evicted('Pod ephemeral local storage usage exceeds the total limit of containers 100Mi.'),
  ).toMatchObject({
    exceeded: 'disk',
  });
  expect(evicted('The node was low on resource: ephemeral-storage.')).toMatchObject({ shimDied: true });
});

it('has no end while both run, and a lost one when the agent has ended alone', () => {
  const both = (agent: object) =>
    pod({
      phase: 'Running',
      containerStatuses: [
        { name: 'agent', state: agent },
        { name: 'crawl', state: { running: {} } },
      ],
    });
  expect(endOf(both({ running: {} }))).toBeNull();
  expect(endOf(both({ terminated: { exitCode: 1 } }))?.exit.shimDied).toBe(true);
  expect(endOf(pod({ phase: 'Pending' }))).toBeNull();
});

it.each<[string, string, boolean | null]>([
  ['crawl', 'ImagePullBackOff', true],
  ['crawl', 'InvalidImageName', true],
  ['agent', 'ImagePullBackOff', false],
  ['crawl', 'ErrImagePull', null],
  ['crawl', 'CreateContainerConfigError', null],
])('of %s, %s is for the customer: %s', (name, reason, isForTheCustomer) => {
  const waiting = pod({ containerStatuses: [{ name, state: { waiting: { reason, message: 'why' } } }] });
  expect(hindranceOf(waiting)).toEqual({ isForTheCustomer, words: expect.stringContaining('why') });
});

it('waits where nothing is known to be wrong', () => {
  const waiting = { name: 'crawl', state: { waiting: { reason: 'ContainerCreating' } } };
  expect(hindranceOf(pod({ containerStatuses: [waiting] }))).toBeNull();
});

it('a shell reads back every value as it was, and no name as a command', () => {
  const values = { A: `it's "so" $HOME \`id\` \\ é`, B: 'two\nlines\n', C: '', D: '-n' };
  const script = `${shellText(values)}printf '%s\\0' "$A" "$B" "$C" "$D"`;
  expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, 4)).toEqual(
    Object.values(values),
  );
  expect(() => shellText({ 'A=1; id #': 'x' })).toThrow('may not be called');
});
