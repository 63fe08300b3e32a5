import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { arrows } from './scripts/lint/arrows.mjs';
import { fileNames } from './scripts/lint/file-names.mjs';
import { noCycles } from './scripts/lint/no-cycles.mjs';

const tests = ['**/*.test.ts', 'libs/*/test/**/*.ts', 'apps/*/test/**/*.ts', 'test/**/*.ts', 'libs/testing/**/*.ts'];

/** Where process.env may be read besides config.ts: each with its reason. */
const readersOfEnvironment = [
  '**/config.ts',
  'examples/**/*.ts', // each is a page that stands alone
  ...tests, // they pass an environment on to the processes they start
];

/** The same advice for several shapes of code. */
const refuse = (message, ...selectors) => selectors.map((selector) => ({ selector, message }));

const environment = refuse(
  'Only config.ts reads process.env: add the variable there, with zod and an explanation, and pass the value on.',
  "MemberExpression[object.name='process'][property.name='env']",
  "VariableDeclarator[init.name='process'] Property[key.name='env']",
  "ImportDeclaration[source.value=/^(node:)?process$/] ImportSpecifier[imported.name='env']",
);

const defaultExports = refuse('Export by name, so that the thing has one name everywhere.', 'ExportDefaultDeclaration');

const sleeps = refuse(
  'Do not sleep in a test: poll with a deadline (expect.poll, vi.waitFor) or wait for the event itself.',
  "NewExpression[callee.name='Promise'] CallExpression[callee.name='setTimeout'][arguments.0.type='Identifier']",
  "ImportDeclaration[source.value='node:timers/promises'] ImportSpecifier[imported.name='setTimeout']",
);

const clocksAndChance = [
  ...refuse(
    'domain/ is pure: take `now` as an argument.',
    "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    "NewExpression[callee.name='Date'][arguments.length=0]",
    "CallExpression[callee.name='Date']",
    "CallExpression[callee.object.name='performance'][callee.property.name='now']",
  ),
  ...refuse(
    'domain/ is pure: take the id or the random number as an argument.',
    "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    "CallExpression[callee.property.name='randomUUID']",
  ),
];

export default defineConfig(
  globalIgnores(['**/dist/**', '**/gen/**', '**/node_modules/**', '.nx/**', '.nexus/**', 'coverage/**']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' }, plugins: { nexus: { rules: { arrows, 'file-names': fileNames, 'no-cycles': noCycles } } } },
  {
    files: ['**/*.ts', '**/*.mjs'],
    rules: { 'nexus/file-names': 'error', 'nexus/no-cycles': 'error', eqeqeq: ['error', 'always', { null: 'ignore' }], 'no-var': 'error', 'prefer-const': 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.all.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      'nexus/arrows': 'error',
      '@typescript-eslint/no-explicit-any': ['error', { fixToUnknown: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // an async method that does not await keeps the signature of its interface
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': ['error', ...environment, ...defaultExports],
    },
  },
  { files: readersOfEnvironment, rules: { 'no-restricted-syntax': ['error', ...defaultExports] } },
  { files: ['apps/*/src/domain/**/*.ts'], rules: { 'no-restricted-syntax': ['error', ...environment, ...defaultExports, ...clocksAndChance] } },
  {
    files: tests,
    rules: {
      'no-restricted-syntax': ['error', ...defaultExports, ...sleeps],
      // a test looks into answers whose shape is what it tests
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
