import { expect, it } from 'vitest';
import { readToolExecutorConfig } from './config.js';

it('has defaults for everything', () => {
  expect(readToolExecutorConfig({})).toEqual({ allowHosts: [], mathProcesses: 2 });
  expect(readToolExecutorConfig({ NEXUS_TOOL_ALLOW_HOSTS: '', NEXUS_TOOL_MATH_PROCESSES: '' })).toEqual({ allowHosts: [], mathProcesses: 2 });
});

it('reads a list of hosts', () => {
  expect(readToolExecutorConfig({ NEXUS_TOOL_ALLOW_HOSTS: ' wiki.internal:8080, [::1]:80 ,', NEXUS_TOOL_MATH_PROCESSES: '8' })).toEqual({ allowHosts: ['wiki.internal:8080', '[::1]:80'], mathProcesses: 8 });
});

it.each([
  ['NEXUS_TOOL_ALLOW_HOSTS', 'wiki.internal', 'must be host:port'],
  ['NEXUS_TOOL_ALLOW_HOSTS', 'http://secret.internal:80', 'must be host:port'],
  ['NEXUS_TOOL_MATH_PROCESSES', '0', 'must be at least 1'],
  ['NEXUS_TOOL_MATH_PROCESSES', 'many', 'must be a number'],
])('refuses %s=%s, saying what to do and not what it was', (name, value, advice) => {
  expect(() => readToolExecutorConfig({ [name]: value })).toThrow(expect.objectContaining({ code: 'invalid_configuration', message: expect.stringMatching(new RegExp(`${name}.*${advice}`)) as string }));
  expect(() => readToolExecutorConfig({ [name]: value })).not.toThrow(/secret|many/);
});
