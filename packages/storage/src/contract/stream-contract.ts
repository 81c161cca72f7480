import type { StreamStore } from '@spiderhub/core';
import { batchesTests } from './batches.ts';
import { markTests } from './marks.ts';
import { overwritesTests } from './overwrites.ts';
import { readingTests } from './reading.ts';
import { sharingTests } from './sharing.ts';
import { type Place, Scene } from './support.ts';
import { wholeJobsTests } from './whole-jobs.ts';
import { writerTests } from './writer.ts';

const GUARANTEES = [
  readingTests,
  markTests,
  writerTests,
  sharingTests,
  batchesTests,
  overwritesTests,
  wholeJobsTests,
];

/** What every stream store guarantees. A driver is finished when this is green. */
export function describeStreamStore(make: () => Promise<Place<StreamStore>>): void {
  const scene = new Scene(make);
  beforeEach(() => scene.begin());
  afterEach(() => scene.end());
  for (const tests of GUARANTEES) tests(scene);
}
