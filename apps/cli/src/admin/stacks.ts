import { command } from './command.ts';

export const STACK_COMMANDS = [
  // What `scrapinghub.yml` may name, and whether its environment was needed on this machine before.
  command('stacks', {}, async (_, { environments }) =>
    environments.stacks.list.map((stack) => ({
      stack: stack.name,
      scrapy: stack.scrapy,
      python: stack.python,
      current: stack.isCurrent,
      made: environments.isMade(stack),
    })),
  ),
];
