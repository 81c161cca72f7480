import { CONTRACTS } from '@spiderhub/wire';
import { OPERATIONS } from './client.ts';
import './audit.ts';
import './jobs.ts';
import './keys.ts';
import './limits.ts';
import './organisations.ts';
import './rules.ts';
import './schedules.ts';
import './session.ts';
import './spiders.ts';
import './variables.ts';
import './versions.ts';
import './webhooks.ts';

it.each(OPERATIONS)('$id is called as its contract says', ({ id, method, path }) => {
  const contract = CONTRACTS.find((each) => each.id === id);
  expect({ method, path }).toEqual({ method: contract?.method, path: contract?.path });
});
