import { describePython } from './harness.ts';

describe('python-scrapinghub: hubstorage', () => describePython('hubstorage'));
