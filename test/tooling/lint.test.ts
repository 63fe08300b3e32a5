import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrowProbes, ruleProbes } from './lint-probes.js';
import { createScratchWorkspace, type ScratchWorkspace } from './scratch-workspace.js';

interface FileReport {
  filePath: string;
  messages: { ruleId: string | null; message: string }[];
}

const probes = [...arrowProbes, ...ruleProbes];
let workspace: ScratchWorkspace;
let exitCode: number;
let reports: FileReport[];

beforeAll(async () => {
  workspace = await createScratchWorkspace();
  await workspace.write('libs/stray/package.json', '{ "name": "@nexus/stray", "version": "0.1.0" }\n');
  for (const { path, code } of probes) await workspace.write(path, code);
  const { code, stdout } = await workspace.run('eslint', 'libs', 'apps', '--format', 'json');
  exitCode = code;
  reports = JSON.parse(stdout) as FileReport[];
});

afterAll(() => workspace[Symbol.asyncDispose]());

describe('lint', () => {
  it('fails when one file breaks a rule', () => {
    expect(exitCode).toBe(1);
  });

  it.each(probes)('$behaviour', ({ path, refusedBy }) => {
    const report = reports.find(({ filePath }) => filePath.endsWith(`/${path}`));
    expect(report?.messages.map(({ ruleId }) => ruleId)).toEqual(refusedBy === undefined ? [] : [refusedBy]);
  });

  it('says what to do instead', () => {
    const messages = reports.flatMap((report) => report.messages.map(({ message }) => message));
    expect(messages).toContainEqual(expect.stringContaining('send a message through a channel or ask over protobuf'));
    expect(messages).toContainEqual(expect.stringContaining('take `now` as an argument'));
    expect(messages).toContainEqual(expect.stringMatching(/closes a circle: .*f1\.ts -> .*f2\.ts -> .*f1\.ts/));
  });
});
