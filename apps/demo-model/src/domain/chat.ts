/** A tool call, asked for in an assistant's message. */
export interface AskedToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as it was written. */
  readonly arguments: string;
}

/** A message of the conversation, reduced to what the demo model reads. */
export interface ChatMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  readonly text: string;
  /** Parts that are not text: images, sound, files. */
  readonly unreadParts: number;
  readonly toolCalls: readonly AskedToolCall[];
  /** On a tool's message: the call that it answers. */
  readonly toolCallId: string | undefined;
}

/** The part of JSON Schema that the demo model looks at. */
export interface ArgumentSchema {
  readonly type?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly properties?: Readonly<Record<string, ArgumentSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
}

/** A tool that the request offers. */
export interface OfferedTool {
  readonly name: string;
  readonly parameters: ArgumentSchema;
}

/** Whether the model may, must or must not call tools. */
export type ToolChoice = { readonly kind: 'auto' | 'none' | 'required' } | { readonly kind: 'tool'; readonly name: string };

/** What the demo model is asked. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly OfferedTool[];
  readonly toolChoice: ToolChoice;
  /** False when a message may ask for one tool only. */
  readonly isParallel: boolean;
}

/** A tool call without an id yet. */
export interface PlannedCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What the demo model answers. */
export type Reply = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'tools'; readonly calls: readonly PlannedCall[] };
