import type { ApiUnderTest } from '../../integration/api/support.ts';
import { Browser } from './client.ts';
import { makeUser, organisationOf } from './people.ts';

export const NEW_PASSWORD = 'nine quiet harbours';

export interface Expected {
  who: string;
  action: string;
  object: string;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
}

/** What somebody does, by the name of the operation, and the lines that it leaves. */
export interface Step {
  operation: string;
  /** Answers with the values by which later steps call things. */
  run(day: Day): Promise<Response | { status: number; body: unknown }>;
  lines(day: Day): Expected[];
}

/** People and things of the day, and what came of earlier steps. */
export interface Day {
  api: ApiUnderTest;
  base: string;
  organisation: number;
  project: number;
  projectName: string;
  owner: Browser;
  second: Browser;
  guest: Browser;
  /** Numbers of users by their names. */
  users: Record<string, number>;
  staff: string;
  /** Of the last answer. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any operation
  last: any;
  /** Kept by steps for later ones. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any operation
  kept: Record<string, any>;
}

export async function beginDay(api: ApiUnderTest, staff: string): Promise<Day> {
  const { address, port } = api.server.address() as { address: string; port: number };
  const owner = await makeUser(api, 'ann', 'acme', 'owner');
  const member = await makeUser(api, 'bob', 'acme', 'reader');
  return {
    api,
    base: `http://${address}:${port}`,
    organisation: await organisationOf(api, 'acme'),
    project: api.team.project,
    projectName: 'acme-project',
    owner: new Browser(api),
    second: new Browser(api),
    guest: new Browser(api),
    users: { ann: owner.id, bob: member.id },
    staff,
    last: null,
    kept: {},
  };
}
