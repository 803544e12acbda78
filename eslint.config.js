import tseslint from 'typescript-eslint';

/**
 * Imports point inwards: cli, inversify → config → adapters, grpc → core. What a folder may not import is listed here;
 * `test/imports.test.ts` proves that the rule bites.
 */
const outerLayers = {
  core: ['adapters', 'grpc', 'config', 'inversify', 'cli', 'conformance'],
  adapters: ['grpc', 'config', 'inversify', 'cli', 'conformance'],
  grpc: ['adapters', 'config', 'inversify', 'cli', 'conformance'],
  conformance: ['adapters', 'grpc', 'config', 'inversify', 'cli'],
  config: ['grpc', 'inversify', 'cli', 'conformance'],
  inversify: ['cli', 'conformance'],
};

/** A folder within core may reach up to core itself, and no further. */
const coreOnly = { '': '^(?!node:|\\./)', '*/': '^(?!node:|\\./|\\.\\./(?!\\.))' };

const directions = Object.entries(outerLayers).flatMap(([layer, outer]) => {
  const patterns = [{ regex: `^\\.\\./(?:.*/)?(?:${outer.join('|')})/`, message: `src/${layer} must not import from an outer layer: see docs/architecture.md.` }];
  if (layer === 'core') {
    return Object.entries(coreOnly).map(([folder, regex]) => ({
      files: [`src/core/${folder}${folder === '' ? '*.ts' : '**/*.ts'}`],
      rules: { 'no-restricted-imports': ['error', { patterns: [...patterns, { regex, message: 'core imports nothing but node: and itself.' }] }] },
    }));
  }
  patterns.push({ regex: '^\\.\\./(?:\\.\\./)*(?:index|connect)\\.js$', message: 'import the file itself, not the package entry, which would turn the arrow round.' });
  return { files: [`src/${layer}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns }] } };
});

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '.cache/'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      // `as T` says what the value is; `!` is not allowed in src.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // Nest's modules are classes for their decorators' sake, and its options are classes that everybody writes as object literals.
    files: ['examples/nestjs/**/*.ts', 'test/clients/nestjs.test.ts'],
    rules: { '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }], '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // chai's assertions are expressions.
      '@typescript-eslint/no-unused-expressions': 'off',
      // A test asserts first and then takes for granted; the assertion is the check.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  ...directions,
);
