import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { arrows } from './scripts/lint/arrows.mjs';
import { fileNames } from './scripts/lint/file-names.mjs';
import { noCycles } from './scripts/lint/no-cycles.mjs';

const tests = ['**/*.test.ts', 'libs/*/test/**/*.ts', 'apps/*/test/**/*.ts', 'test/**/*.ts', 'libs/testing/**/*.ts'];

/** Where process.env may be read besides config.ts: each with its reason. */
const readersOfEnvironment = [
  '**/config.ts',
  ...tests, // they pass an environment on to the processes they start
];

const environment = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Only config.ts reads process.env: add the variable there, with zod and an explanation, and pass the value on.',
  },
  {
    selector: "ImportDeclaration[source.value=/^(node:)?process$/] ImportSpecifier[imported.name='env']",
    message: 'Only config.ts reads process.env: add the variable there, with zod and an explanation, and pass the value on.',
  },
];

const defaultExports = [
  { selector: 'ExportDefaultDeclaration', message: 'Export by name, so that the thing has one name everywhere.' },
];

const sleeps = [
  {
    selector: "NewExpression[callee.name='Promise'] CallExpression[callee.name='setTimeout'][arguments.0.type='Identifier']",
    message: 'Do not sleep in a test: poll with a deadline (expect.poll, vi.waitFor) or wait for the event itself.',
  },
  {
    selector: "ImportDeclaration[source.value='node:timers/promises'] ImportSpecifier[imported.name='setTimeout']",
    message: 'Do not sleep in a test: poll with a deadline (expect.poll, vi.waitFor) or wait for the event itself.',
  },
];

const clocksAndChance = [
  { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'domain/ is pure: take `now` as an argument.' },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'domain/ is pure: take `now` as an argument.' },
  { selector: "CallExpression[callee.name='Date']", message: 'domain/ is pure: take `now` as an argument.' },
  { selector: "CallExpression[callee.object.name='performance'][callee.property.name='now']", message: 'domain/ is pure: take `now` as an argument.' },
  { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: 'domain/ is pure: take the random number as an argument.' },
  { selector: "CallExpression[callee.property.name='randomUUID']", message: 'domain/ is pure: take the id as an argument, or derive it with deterministicId.' },
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
