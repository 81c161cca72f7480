import { describePython } from './harness.ts';

describe('python-scrapinghub: records', () => describePython('records'));
