import { describePython } from './harness.ts';

describe('python-scrapinghub: legacy', () => describePython('legacy'));
