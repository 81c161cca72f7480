import { describePython } from './harness.ts';

describe('python-scrapinghub: projects', () => describePython('projects'));
