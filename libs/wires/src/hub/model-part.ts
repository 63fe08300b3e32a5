/** How long a provider is asked to keep what comes up to here in its cache. */
export type CacheLife = '5m' | '1h';

/** Where a picture or a file is: an https: URL, or its bytes. */
export type MediaSource = { readonly url: string } | { readonly base64: string; readonly mediaType: string };

interface Cacheable {
  readonly cache?: CacheLife | undefined;
}

export interface TextPart extends Cacheable {
  readonly kind: 'text';
  readonly text: string;
  /** What the provider that wrote it wants back with it; opaque. */
  readonly signature?: string | undefined;
}

export interface ImagePart extends Cacheable {
  readonly kind: 'image';
  readonly source: MediaSource;
  /** OpenAI's `low`, `high`, `original` or `auto`. */
  readonly detail?: string | undefined;
}

export interface FilePart extends Cacheable {
  readonly kind: 'file';
  readonly source: MediaSource;
  readonly name?: string | undefined;
}

export interface AudioPart {
  readonly kind: 'audio';
  readonly base64: string;
  /** `wav`, `mp3` ... */
  readonly format: string;
}

export interface ToolCallPart extends Cacheable {
  readonly kind: 'tool_call';
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it; empty when it wrote none. */
  readonly arguments: string;
  readonly signature?: string | undefined;
}

export interface ToolResultPart extends Cacheable {
  readonly kind: 'tool_result';
  readonly callId: string;
  /** Of the tool, where the wire tells. */
  readonly name?: string | undefined;
  readonly parts: readonly (TextPart | ImagePart | FilePart)[];
  readonly isError: boolean;
}

/** What the model thought. */
export interface ReasoningPart {
  readonly kind: 'reasoning';
  readonly text: string;
  /** Proves to the provider that the thought is its own; for a redacted one it is all there is. */
  readonly signature?: string | undefined;
  readonly isRedacted?: boolean | undefined;
}

/** What the model would not do, in its words. */
export interface RefusalPart {
  readonly kind: 'refusal';
  readonly text: string;
}

/** One piece of a message. */
export type ModelPart = TextPart | ImagePart | FilePart | AudioPart | ToolCallPart | ToolResultPart | ReasoningPart | RefusalPart;

/** A message; results of tools stand in messages of the role `tool`. */
export interface ModelMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly parts: readonly ModelPart[];
}
