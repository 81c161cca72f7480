const { TestEnvironment } = require('jest-environment-node');

/** Each process that runs tests has a Postgres, a Redis and a home of its own among those that scripts/test.mjs started. */
const SERVERS = JSON.parse(process.env.SPIDERHUB_TEST_SERVERS ?? '[]');

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    // Before the tests get their copy of it: what they start without saying an environment gets this one.
    Object.assign(process.env, SERVERS[Number(process.env.JEST_WORKER_ID ?? 1) - 1]);
    super(config, context);
  }
};
