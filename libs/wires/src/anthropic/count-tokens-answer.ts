/** The answer of `POST /v1/messages/count_tokens`. Its request is one of /v1/messages, of which max_tokens may be left out. */
export function countTokensAnswer(inputTokens: number): { readonly input_tokens: number } {
  return { input_tokens: inputTokens };
}
