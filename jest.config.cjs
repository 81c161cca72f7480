/** One transformer for sources and tests; workspaces resolve to their TypeScript sources, so tests need no build. */
const shared = {
  testEnvironment: '<rootDir>/scripts/jest/environment.cjs',
  testEnvironmentOptions: { customExportConditions: ['@spiderhub/source', 'node', 'require', 'default'] },
  transform: {
    '^.+\\.[tj]sx?$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  testSequencer: '<rootDir>/scripts/jest/sequencer.cjs',
  // Both only tell jest which tests a change touches, for `npm test -- --changed`.
  resolver: '<rootDir>/scripts/jest/resolver.cjs',
  dependencyExtractor: '<rootDir>/scripts/jest/dependencies.cjs',
  // What is there as modules of ECMAScript alone: Node can require it, jest on Node 20 cannot.
  transformIgnorePatterns: ['/node_modules/(?!request-filtering-agent/)'],
  testMatch: ['**/*.test.ts'],
  // A busy machine is no failure: tests wait for facts, and only what hangs runs into this.
  testTimeout: 180_000,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.spiderhub/'],
  modulePathIgnorePatterns: ['/dist/', '/.spiderhub/'],
};

module.exports = shared;
