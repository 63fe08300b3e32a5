import { Wire } from '@nexus/contracts';
import type { AnswerFrame, AnswerWriter, ModelAnswer } from '@nexus/wires';
import type { AskedByClient, AskedCall } from './asked-call.js';
import { clientWireOf } from './endpoint.js';

/** What an answer is named by: its attempt, and the time in Unix milliseconds. */
export interface AnsweredAttempt {
  readonly id: string;
  readonly now: number;
}

/** How an answer becomes what the client reads. */
interface ClientForm {
  answerBytes(answered: { readonly body: Buffer | undefined; readonly answer: () => ModelAnswer }, attempt: AnsweredAttempt): Uint8Array;
  writerFor(attempt: AnsweredAttempt): AnswerWriter | undefined;
}

const NOTHING = new Uint8Array();
const AS_IT_IS: ClientForm = { answerBytes: ({ body }) => body ?? NOTHING, writerFor: () => undefined };

/** Answers in the wire in which the call was asked for. */
export function clientFormOf(asked: AskedCall, isPassthrough: boolean): ClientForm {
  const { client } = asked;
  const wire = client && !isPassthrough ? clientWireOf(client.wire) : undefined;
  if (!client || !wire) return AS_IT_IS;
  return {
    answerBytes: ({ body, answer }, attempt) => (body ? Buffer.from(JSON.stringify(wire.writeAnswer(answer(), frameOf(asked, attempt)))) : NOTHING),
    writerFor: (attempt) => wire.writer(frameOf(asked, attempt)),
  };
}

function frameOf({ client, model, request }: AskedByClient, { id, now }: AnsweredAttempt): AnswerFrame {
  return { id: `${prefixOf(client.wire)}${id.replaceAll('-', '')}`, model, createdAt: Math.floor(now / 1_000), request: request() };
}

/** By which the clients of a wire know an answer. */
function prefixOf(wire: Wire): string {
  if (wire === Wire.ANTHROPIC_MESSAGES) return 'msg_';
  return wire === Wire.OPENAI_RESPONSES ? 'resp_' : 'chatcmpl-';
}
