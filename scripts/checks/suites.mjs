import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFiles } from '../files.mjs';
import { root, run, tool } from '../process.mjs';

const belongs = {
  unit: (path) => /^(libs|apps)\/[^/]+\/src\//.test(path),
  service: (path) => /^(libs|apps)\/[^/]+\/(?!src\/)/.test(path),
  e2e: (path) => path.startsWith('test/'),
};

/** The results of test files that failed before any of their tests, and of every test, from vitest's JSON report. */
function count(report) {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const broken = report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'));
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: tests.filter(({ status }) => status === 'failed').length + broken.length,
    skipped: tests.filter(({ status }) => !['passed', 'failed'].includes(status)).length,
    passedNames: tests.filter(({ status }) => status === 'passed').map(({ fullName }) => fullName),
  };
}

/** Test files at a time: all but those beside the sources mostly wait for servers and clocks. */
const workers = { unit: 2, service: 3, e2e: 2 };

/** A test with real servers that fails is tried once more: a machine that is busy for a moment spoils one try, a fault both. The output tells `retry x1`. */
const retries = { unit: 0, service: 1, e2e: 1 };

/** Tests beside the sources leave nothing behind, and so share what they load. */
const isolation = { unit: ['--no-isolate'], service: [], e2e: [] };

function suite(name, title) {
  return {
    name,
    title,
    needsRedis: true,
    waits: name !== 'unit',
    async run({ folder, passedNames, isLive }) {
      const files = (await projectFiles('*.test.ts')).filter(belongs[name]);
      if (files.length === 0) return { isOk: true, detail: 'no test file yet' };
      const reportFile = join(folder, 'report.json');
      const args = ['run', ...files.map((path) => join(root, path)), `--maxWorkers=${workers[name]}`, ...isolation[name], `--retry=${retries[name]}`, '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
      const { code, output } = await run(tool('vitest'), args, { live: isLive, timeoutMs: 720_000 });
      if (!existsSync(reportFile)) return { isOk: false, detail: `vitest ended with code ${code} and no report`, output };
      const result = count(JSON.parse(readFileSync(reportFile, 'utf8')));
      passedNames?.push(...result.passedNames);
      const detail = `${files.length} files, ${result.passed} tests passed, ${result.failed} failed` + (result.skipped > 0 ? `, ${result.skipped} skipped` : '');
      // an unhandled error outside of any test fails the run although every test passed
      const isOk = code === 0 && result.failed === 0;
      return { isOk, detail, output, passed: result.passed, failed: isOk ? 0 : Math.max(1, result.failed) };
    },
  };
}

/** The tests, by what they need: nothing; real Redis and Postgres of their own; the whole system. */
export const suites = [
  suite('unit', 'tests beside the sources'),
  suite('service', 'tests of each package with real Redis and Postgres'),
  suite('e2e', 'tests of the whole, the faults and the tooling'),
];
