import { Wire } from '@nexus/contracts';
import { toChatCompletion } from '../agent-answer.js';
import { AgentChunks } from '../agent-chunks.js';
import { toAgentRequest } from '../agent-request.js';
import { userName } from '../body-fields.js';
import { checkChatBody, type ChatBody } from '../chat-body.js';
import { completionAsChunks } from '../completion-as-chunks.js';
import { openAiErrorBody } from '../openai-error.js';
import { DONE_EVENT, formatEvent } from '../server-sent-event.js';
import type { AgentStream, AnswerIdentity, ModelEndpoint, StreamTail } from './model-endpoint.js';

const tail: StreamTail = { fail: (error) => formatEvent({ data: JSON.stringify(openAiErrorBody(error)) }) };

/** POST /v1/chat/completions: OpenAI's chat. */
export const chatCompletions: ModelEndpoint<ChatBody> = {
  path: '/v1/chat/completions',
  wire: Wire.OPENAI_CHAT,
  operation: 'chat',
  keyScope: 'completion',
  check: checkChatBody,
  ask: ({ model, stream, user }) => ({ model, isStream: stream === true, user: userName(user) }),
  passedHeaders: [],
  endOfStream: DONE_EVENT,
  wholeAsEvents: (json, body) => completionAsChunks(json, includesUsage(body)).map((data) => formatEvent({ data })).join(''),
  tail: () => tail,
  agents: {
    request: toAgentRequest,
    whole: (answer, identity) => toChatCompletion(answer, withPrefix(identity)),
    stream: (identity, body) => agentStream(new AgentChunks(withPrefix(identity), includesUsage(body))),
  },
};

function withPrefix(identity: AnswerIdentity): AnswerIdentity {
  return { ...identity, id: `chatcmpl-${identity.id}` };
}

function agentStream(chunks: AgentChunks): AgentStream {
  const events = (written: readonly string[]): string => written.map((data) => formatEvent({ data })).join('');
  let head: readonly string[] = [chunks.begin()];
  const begin = (): string => {
    const begun = events(head);
    head = [];
    return begun;
  };
  return {
    ...tail,
    begin,
    add: (part) => events(chunks.add(part)),
    finish(answer) {
      const end = events(chunks.finish(answer));
      return begin() + end;
    },
  };
}

function includesUsage({ stream_options }: ChatBody): boolean {
  return stream_options?.include_usage === true;
}
