import { create } from '@bufbuild/protobuf';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import { TenantSettingsSchema, ToolService } from '@nexus/contracts';
import { systemClock } from '@nexus/core';
import { expect, it } from 'vitest';
import { parseAgents } from '../agents-file.js';
import { AgentDirectory } from './agent-directory.js';

const tools = createClient(ToolService, createRouterTransport((router) => {
  router.service(ToolService, { listTools: () => ({ tools: [{ definition: { name: 'current_time' } }, { definition: { name: 'math_solver' } }] }) });
}));

function directoryOf(yaml: string): { directory: AgentDirectory; warnings: string[] } {
  const warnings: string[] = [];
  const settings = { get: () => Promise.resolve(create(TenantSettingsSchema)) };
  const logger = { warn: (...said: unknown[]) => void warnings.push(String(said[0])) };
  return { directory: new AgentDirectory(parseAgents(yaml, 'agents.yaml'), 'demo', settings, { tools }, systemClock, logger), warnings };
}

it('offers an agent the tools that its file names, and says once which of them there are not', async () => {
  const { directory, warnings } = directoryOf('agents: { default: { instructions: Be brief., tools: [current_time, curent_time] } }');
  const chosen = await directory.choose('tenant', '', '');
  await directory.choose('another tenant', 'default', 'openai/gpt-4o');
  expect(chosen.kept.tools.map(({ name }) => name)).toEqual(['current_time']);
  expect(warnings).toEqual(['agents.yaml: the agent "default" goes without "curent_time", for there is no such tool; there are current_time, math_solver']);
});

it('offers every tool for a star, and warns of nothing', async () => {
  const { directory, warnings } = directoryOf('agents: { default: { instructions: Be brief., tools: ["*"] } }');
  expect((await directory.choose('tenant', '', '')).kept.tools).toHaveLength(2);
  expect(warnings).toEqual([]);
});

it('knows no agent that the file does not have', async () => {
  await expect(directoryOf('agents: { default: { instructions: Be brief. } }').directory.choose('tenant', 'nobody', '')).rejects.toMatchObject({ code: 'agent_not_found', status: 404, param: 'agent' });
});
