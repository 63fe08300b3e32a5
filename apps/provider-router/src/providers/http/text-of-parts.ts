import type { ModelPart } from '@nexus/wires';

/** All that a model wrote, in one text: what its tokens are counted from when the provider did not say. */
export function textOfParts(parts: readonly ModelPart[]): string {
  return parts.map(textOf).join('');
}

function textOf(part: ModelPart): string {
  switch (part.kind) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return part.text;
    case 'tool_call':
      return part.name + part.arguments;
    default:
      return '';
  }
}
