/**
 * One Jest run over the whole monorepo. Tests are TypeScript ESM: SWC strips the types (decorators need its metadata),
 * and workspace packages resolve to their sources through the `@carillon/source` export condition.
 */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/tools'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['@carillon/source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2024',
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: { '^fast-check$': '<rootDir>/tools/jest/fast-check.mjs' },
  testTimeout: 30_000,
  globalSetup: '<rootDir>/tools/jest/open-stock.mjs',
  globalTeardown: '<rootDir>/tools/jest/close-stock.mjs',
  // Jest would leave a core for others. `npm test` says how many itself (tools/bootstrap/workers.mjs).
  maxWorkers: '100%',
};
