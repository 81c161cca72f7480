import { hashPassword } from '../access/passwords.ts';
import type { Role } from '../access/roles.ts';
import { createScrapydUsers } from './users.ts';

async function setUp() {
  const stored = new Map([
    [
      'ann',
      { username: 'ann', organisation: 7, role: 'reader' as Role, passwordHash: await hashPassword('right') },
    ],
  ]);
  const asked: string[] = [];
  let now = 0;
  const users = createScrapydUsers(
    {
      async findUser(username) {
        asked.push(username);
        return stored.get(username) ?? null;
      },
      saveUser: async () => ({ created: false }),
    },
    () => now,
  );
  function pass(ms: number): void {
    now += ms;
  }
  return { users, stored, asked, pass };
}

describe('Scrapyd users', () => {
  it('are members of their organisation with the right password and nobody with another', async () => {
    const { users } = await setUp();
    expect(await users.authenticate('ann', 'right')).toMatchObject({
      name: 'ann',
      organisations: new Map([[7, 'reader']]),
      staff: false,
    });
    expect(await users.authenticate('ann', 'wrong')).toBeNull();
    expect(await users.authenticate('ann', '')).toBeNull();
    expect(await users.authenticate('bob', 'right')).toBeNull();
  });

  it('cost one look at the store in a second', async () => {
    const { users, asked, pass } = await setUp();
    for (let i = 0; i < 3; i++) await users.authenticate('ann', 'right');
    expect(asked).toEqual(['ann']);
    pass(1001);
    await users.authenticate('ann', 'right');
    expect(asked).toEqual(['ann', 'ann']);
  });

  it('are locked out by a new password within a second, though the old one was right before', async () => {
    const { users, stored, pass } = await setUp();
    await users.authenticate('ann', 'right');
    stored.set('ann', {
      username: 'ann',
      organisation: 7,
      role: 'reader',
      passwordHash: await hashPassword('changed'),
    });
    pass(1001);
    expect(await users.authenticate('ann', 'right')).toBeNull();
    expect(await users.authenticate('ann', 'changed')).not.toBeNull();
  });
});
