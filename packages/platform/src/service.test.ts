import { createLogger } from './logger.ts';
import { runServices, type Service, stopRequest } from './service.ts';

const log = createLogger({ name: 'test', level: 'silent' });

function recorder(name: string, events: string[], failing?: 'start' | 'stop'): Service {
  return {
    name,
    async start() {
      events.push(`start ${name}`);
      if (failing === 'start') throw new Error('no');
    },
    async stop() {
      events.push(`stop ${name}`);
      if (failing === 'stop') throw new Error('no');
    },
  };
}

afterEach(() => {
  process.exitCode = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
});

it('starts in order, stops in reverse, also when one stop fails', async () => {
  const events: string[] = [];
  const services = [recorder('a', events), recorder('b', events, 'stop')];
  await runServices(services, { log, onReady: () => process.emit('SIGTERM') });
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(process.exitCode).toBe(1);
});

it('stops what it started when a service cannot start', async () => {
  const events: string[] = [];
  const services = [recorder('a', events), recorder('b', events, 'start'), recorder('c', events)];
  await runServices(services, { log, onReady: () => events.push('ready') });
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(process.exitCode).toBe(1);
});

it('takes a signal that npm repeats as one wish and a later one as an order', async () => {
  let exits = 0;
  const clock = jest.spyOn(performance, 'now').mockReturnValue(5000);
  const request = stopRequest(() => {
    exits += 1;
  });
  process.emit('SIGINT');
  process.emit('SIGINT');
  expect(exits).toBe(0);
  await expect(request.promise).resolves.toBe('SIGINT');
  clock.mockReturnValue(6500);
  process.emit('SIGTERM');
  expect(exits).toBe(1);
  clock.mockRestore();
});
