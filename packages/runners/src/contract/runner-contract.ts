import { deadlinesTests } from './deadlines.ts';
import { habitsTests } from './habits.ts';
import { messagesTests } from './messages.ts';
import { outputTests } from './output.ts';
import { type RunnerUnderTest, Stage } from './stage.ts';
import { startsTests } from './starts.ts';
import { stopsTests } from './stops.ts';
import { surroundingsTests } from './surroundings.ts';
import { takeoversTests } from './takeovers.ts';

const GUARANTEES = [
  messagesTests,
  outputTests,
  stopsTests,
  deadlinesTests,
  takeoversTests,
  surroundingsTests,
  startsTests,
  habitsTests,
];

/** What every way of running a crawl has to guarantee. Each test runs real Scrapy. */
export function describeRunner(make: () => Promise<RunnerUnderTest>): void {
  describe('runner contract', () => {
    const stage = new Stage(make);
    beforeAll(() => stage.open());
    afterEach(() => stage.clear());
    afterAll(() => stage.house.close());
    for (const tests of GUARANTEES) tests(stage);
  });
}
