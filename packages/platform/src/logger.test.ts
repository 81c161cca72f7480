import { createLogger } from './logger.ts';

function logged(fields: object): string {
  const lines: string[] = [];
  const log = createLogger({
    name: 'test',
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  log.info(fields, 'event');
  return lines.join('');
}

it.each([
  [{ authorization: 'hush' }],
  [{ headers: { authorization: 'hush' } }],
  [{ req: { headers: { Authorization: 'hush' } } }],
  [{ req: { query: { apikey: 'hush' } } }],
  [{ err: { details: { apikey: 'hush' } } }],
])('keeps the secret of %j to itself', (fields) => {
  expect(logged(fields)).toContain('[redacted]');
  expect(logged(fields)).not.toContain('hush');
});

it('keeps what is no secret', () => {
  expect(JSON.parse(logged({ job: '1/2/3' }))).toMatchObject({ name: 'test', job: '1/2/3', msg: 'event' });
});
