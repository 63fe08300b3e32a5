import { fromJsonString } from '@bufbuild/protobuf';
import { IncomingRequestSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { jsonProblem } from './json-problem.js';

it.each([
  ['{"text": 12}', 'field nexus.run.v1.IncomingRequest.text: expected string'],
  ['{"surface": {"a": "secret"}}', 'field nexus.run.v1.IncomingRequest.surface: expected string'],
  ['{"deadlineMs": "secret"}', 'field nexus.run.v1.IncomingRequest.deadline_ms: expected bigint (int64)'],
  ['{"txet": "secret"}', 'there is no field txet'],
  ['{"a secret of mine": 1}', 'it must be one JSON object'],
  ['{"text": "secret", "text": "secret"}', 'the key text stands there twice'],
  ['my secret', 'it must be one JSON object'],
  ['["secret"]', 'it must be one JSON object'],
])('%s: %s, and nothing of what stands in it', (json, problem) => {
  let cause: unknown;
  try {
    fromJsonString(IncomingRequestSchema, json);
  } catch (error) {
    cause = error;
  }
  expect(jsonProblem(cause)).toBe(problem);
});
