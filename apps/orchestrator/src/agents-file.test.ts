import { expect, it } from 'vitest';
import { parseAgents } from './agents-file.js';

it('reads agents and fills in what they leave out', () => {
  const agents = parseAgents('agents:\n  default: { instructions: Be brief. }\n  coder: { instructions: Code., model: openai/gpt-4o, tools: [execute_code], max_steps: 3 }\n', 'agents.yaml');
  expect(agents.get('default')).toEqual({ name: 'default', instructions: 'Be brief.', model: undefined, tools: ['*'], maxSteps: 8, deadlineMs: 120_000, maxHistoryMessages: 40, failsOnUnknown: false });
  expect(agents.get('coder')).toMatchObject({ model: 'openai/gpt-4o', tools: ['execute_code'], maxSteps: 3 });
});

it.each([
  ['agents:\n  default:\n    instructions: x\n    max_steps: 0\n', 'agents.yaml:4:16: agents.default.max_steps:'],
  ['agents:\n  default:\n    instructions: x\n    colour: red\n', 'agents.yaml:4:13: agents.default.colour: is not known here'],
  ['agents:\n  other: { instructions: x }\n', 'agents.yaml:2:3: agents: there must be an agent named default'],
  ['agents:\n  default: { instructions: x }\n  Big: { instructions: x }\n', 'agents.yaml:3:8: agents.Big:'],
  ['agents: [\n', 'agents.yaml:2:1:'],
])('says where a fault stands: %j', (text, message) => {
  expect(() => parseAgents(text, 'agents.yaml')).toThrow(message);
});
