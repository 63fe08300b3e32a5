/** What the scenarios of this folder show; ids are stable, every one is cited by the name of at least one test. */
export const requirements = {
  'BUS-1': 'A message published to requests.incoming gets exactly one requests.processed with the same correlation id, also after a duplicate publish and a killed service.',
  'BUS-2': 'What cannot be handled becomes a dead letter that can be listed, and the next message is handled.',
  'BUS-4': 'Who may publish: entries are authenticated, a refusal is typed.',
  'BUS-5': 'A dead letter is shown without secrets, replayed as it was, and measured.',
  'RUN-1': 'Model, tools in parallel when asked in parallel, model, answer.',
  'RTR-2': 'A model by name, by tier or by auto: the cheapest that can do it, and the reason is stored and shown.',
  'RTR-3': 'Fallbacks before the first token, under the same name, with their reasons.',
  'RTR-8': 'Stock clients work unmodified: the SDKs of OpenAI, Anthropic and Vercel, Claude Code and Codex.',
  'TEN-2': 'A tenant sees only its rows.',
  'USE-1': 'One ledger row an attempt, and no second one for a finished attempt.',
  'USE-2': 'An attempt whose end nobody heard is resolved, once, by its provider or a policy, and the budget is exact.',
  'OPS-2': 'One connected trace from the edge to the ledger.',
  'OPS-3': 'Any replica of the gateway goes on with the stream of any run; a replica that stops fails no request and loses no run.',
  'IDEM-1': 'An Idempotency-Key makes a change happen once at whatever replica: same body same answer, other body 422, in flight 409.',
  'IDEM-2': 'The answer of a keyed call survives the gateway that waits for it, and is charged once.',
  'OPS-1': 'Every service answers health and reflection on its one port.',
} as const;
