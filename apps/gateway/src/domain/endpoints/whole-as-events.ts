import { answerAsEvents, type ClientWire, type UpstreamWire } from '@nexus/wires';

/** A whole answer (JSON text) in a wire as the events of a stream in the same wire; '' for what is no answer. */
export function wholeAsEvents(wire: ClientWire & UpstreamWire, json: string, body: unknown, model: string): string {
  const said = parse(json);
  const read = wire.readAnswer(said);
  if (read.kind !== 'answer') return '';
  const { answer } = read;
  const writer = wire.writer({ id: answer.id ?? '', model: answer.model ?? model, createdAt: createdAt(said), request: wire.readRequest(body) });
  return answerAsEvents(answer).map((event) => writer.write(event)).join('') + writer.end();
}

function createdAt(said: unknown): number {
  const at = (said as { readonly created_at?: unknown } | undefined)?.created_at;
  return typeof at === 'number' ? at : 0;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
