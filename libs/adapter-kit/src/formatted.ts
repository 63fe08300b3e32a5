/** How a part of a text looks. */
export type SpanStyle =
  | { readonly kind: 'bold' | 'italic' | 'strike' | 'code' | 'quote' }
  | { readonly kind: 'pre'; readonly language: string }
  | { readonly kind: 'link'; readonly url: string };

/** A styled part of a text: UTF-16 code units from its beginning. */
export type Span = SpanStyle & { readonly offset: number; readonly length: number };

/**
 * A text and how its parts look, apart from each other: nothing in the text has to be escaped, so formatting cannot fail. Spans may
 * nest, never cross, and are in the order of their offsets, the longer first.
 */
export interface Formatted {
  readonly text: string;
  readonly spans: readonly Span[];
}

/** A text without any style. */
export const plain = (text: string): Formatted => ({ text, spans: [] });
