const { relative } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** What takes longest; whatever is none of these is quick and fills the gaps at the end. */
const FIRST = [
  /^tests\/browser\//,
  /-runner\.contract\.test/,
  /^tests\/(isolation|contract)\//,
  /^tests\//,
  /\.contract\.test/,
];

/** Whoever is free takes the next file: nobody waits for one that began last and takes minutes. */
module.exports = class extends Sequencer {
  sort(tests) {
    const order = ({ path, context }) => {
      const file = relative(context.config.rootDir, path);
      const found = FIRST.findIndex((pattern) => pattern.test(file));
      return found < 0 ? FIRST.length : found;
    };
    // What jest would do otherwise stays among equals: longest first where it remembers, else the largest file.
    return super.sort(tests).toSorted((a, b) => order(a) - order(b));
  }
};
