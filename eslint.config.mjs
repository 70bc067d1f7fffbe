import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** What a project may import, by its tags (`nx.tags` in each package.json). */
const boundaries = [
  // Contracts are what everyone agrees on, so they depend on nobody.
  { sourceTag: 'type:contract', onlyDependOnLibsWithTags: [] },
  // Plumbing knows the contracts and other plumbing, never a capability.
  { sourceTag: 'type:util', onlyDependOnLibsWithTags: ['type:contract', 'type:util'] },
  // A capability that several apps share.
  { sourceTag: 'type:feature', onlyDependOnLibsWithTags: ['type:contract', 'type:util', 'type:feature'] },
  // Apps never import apps: services meet at the broker only.
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:contract', 'type:util', 'type:feature'] },
  // Test support and suites over all services: the same, plus each other.
  { sourceTag: 'type:test', onlyDependOnLibsWithTags: ['type:contract', 'type:util', 'type:feature', 'type:test'] },
  // Shared code must not grow towards one service.
  { sourceTag: 'scope:shared', onlyDependOnLibsWithTags: ['scope:shared'] },
  // What senders share is for senders.
  { sourceTag: 'scope:delivery', onlyDependOnLibsWithTags: ['scope:delivery', 'scope:shared'] },
  ...['email-sender', 'sms-sender'].map((app) => ({
    sourceTag: `scope:${app}`,
    onlyDependOnLibsWithTags: [`scope:${app}`, 'scope:delivery', 'scope:shared'],
  })),
  // Every other app owns its scope and uses shared code.
  ...['gateway', 'preferences', 'template-renderer', 'inbox', 'scheduler', 'mailbox', 'admin', 'e2e', 'bench'].map(
    (app) => ({
      sourceTag: `scope:${app}`,
      onlyDependOnLibsWithTags: [`scope:${app}`, 'scope:shared'],
    }),
  ),
];

export default tseslint.config(
  { ignores: ['**/dist', '**/node_modules', '.carillon', '.nx', 'coverage'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended, tseslint.configs.stylistic],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          depConstraints: boundaries,
        },
      ],
      // `any` stays visible in review; the transport and tests meet JSON whose shape is the point of the assertion.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
    },
  },
  {
    // Specs sit beside the code and use the test library, which itself uses that code.
    files: ['**/*.spec.ts', '**/testing/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/no-unsafe-function-type': 'off' },
  },
  prettier,
);
