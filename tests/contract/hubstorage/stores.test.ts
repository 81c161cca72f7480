import { describePython } from './harness.ts';

describe('python-scrapinghub: stores', () => describePython('stores'));
