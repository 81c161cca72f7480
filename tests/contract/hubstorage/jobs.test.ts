import { describePython } from './harness.ts';

describe('python-scrapinghub: jobs', () => describePython('jobs'));
