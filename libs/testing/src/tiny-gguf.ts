import { writeFile } from 'node:fs/promises';

/** What a tiny model says. */
export interface TinyModel {
  /** Tokens, each with the space before it; they must differ from each other, and be fewer than 64. */
  readonly words: readonly string[];
  /** After the last word comes the first again. */
  readonly isEndless?: boolean;
  /** Default 2,048. */
  readonly contextTokens?: number;
}

/**
 * Writes a language model in the GGUF format, of about 300 KB: one layer of the llama architecture, whose attention and feed-forward
 * weights are 0, so that what comes next depends on the last token alone. After any token that is not of `words` comes the first of
 * them, then the others in their order, then the end.
 */
export async function writeTinyGguf(path: string, { words, isEndless = false, contextTokens = 2_048 }: TinyModel): Promise<void> {
  if (new Set(words).size !== words.length || words.length >= WIDTH) throw new Error('the words must differ, and be few');
  const tokens = vocabularyOf(words);
  const first = tokens.length - words.length;
  const file = new GgufFile();
  file.text('general.architecture', 'llama').text('general.name', 'tiny');
  file.number('llama.context_length', contextTokens).number('llama.embedding_length', WIDTH).number('llama.block_count', 1).number('llama.feed_forward_length', WIDTH);
  file.number('llama.attention.head_count', 2).number('llama.attention.head_count_kv', 2).number('llama.rope.dimension_count', WIDTH / 2).number('llama.vocab_size', tokens.length);
  file.fraction('llama.attention.layer_norm_rms_epsilon', 1e-5);
  file.text('tokenizer.ggml.model', 'llama').texts('tokenizer.ggml.tokens', tokens.map(({ text }) => text));
  file.fractions('tokenizer.ggml.scores', tokens.map(({ score }) => score)).numbers('tokenizer.ggml.token_type', tokens.map(({ type }) => type));
  file.number('tokenizer.ggml.unknown_token_id', 0).number('tokenizer.ggml.bos_token_id', BEGIN).number('tokenizer.ggml.eos_token_id', END);
  // Column k of a token's row says that it is the k-th word, column 0 that it is none.
  const placeOf = (token: number): number => Math.max(0, token - first + 1);
  const afterWord = (place: number): number => (place < words.length ? first + place : isEndless ? first : END);
  file.matrix('token_embd.weight', WIDTH, tokens.length, (column, token) => (column === placeOf(token) ? 1 : 0));
  file.matrix('output.weight', WIDTH, tokens.length, (column, token) => (column <= words.length && token === afterWord(column) ? CERTAINTY : 0));
  for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down']) file.matrix(`blk.0.${name}.weight`, WIDTH, WIDTH, () => 0);
  for (const name of ['output_norm', 'blk.0.attn_norm', 'blk.0.ffn_norm']) file.matrix(`${name}.weight`, WIDTH, undefined, () => 1);
  await writeFile(path, file.bytes());
}

const WIDTH = 64;
const CERTAINTY = 4;
const BEGIN = 1;
const END = 2;

interface TokenEntry {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

/** Three signs, every byte, every printable character, the words last: any text has tokens. */
function vocabularyOf(words: readonly string[]): TokenEntry[] {
  const NORMAL = 1;
  const signs = [{ text: '<unk>', score: 0, type: 2 }, { text: '<s>', score: 0, type: 3 }, { text: '</s>', score: 0, type: 3 }];
  const bytes = Array.from({ length: 256 }, (_, byte) => ({ text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, score: 0, type: 6 }));
  const characters = Array.from({ length: 94 }, (_, place) => String.fromCharCode(33 + place)).concat('▁').filter((text) => !words.includes(text));
  return [...signs, ...bytes, ...characters.map((text) => ({ text, score: -100, type: NORMAL })), ...words.map((text) => ({ text: text.replaceAll(' ', '▁'), score: -1, type: NORMAL }))];
}

/** GGUF 3: little-endian; metadata, then the list of tensors, then their numbers, aligned. */
class GgufFile {
  private readonly metadata: Buffer[] = [];
  private readonly tensors: { readonly header: Buffer; readonly numbers: Float32Array }[] = [];
  private size = 0;

  text(key: string, value: string): this {
    return this.entry(key, 8, textBytes(value));
  }

  number(key: string, value: number): this {
    return this.entry(key, 4, uint32(value));
  }

  fraction(key: string, value: number): this {
    return this.entry(key, 6, Buffer.from(Float32Array.of(value).buffer));
  }

  texts(key: string, values: readonly string[]): this {
    return this.list(key, 8, values.map(textBytes));
  }

  numbers(key: string, values: readonly number[]): this {
    return this.list(key, 5, values.map(uint32));
  }

  fractions(key: string, values: readonly number[]): this {
    return this.list(key, 6, values.map((value) => Buffer.from(Float32Array.of(value).buffer)));
  }

  matrix(name: string, columns: number, rows: number | undefined, at: (column: number, row: number) => number): void {
    const sides = rows === undefined ? [columns] : [columns, rows];
    const header = Buffer.concat([textBytes(name), uint32(sides.length), ...sides.map(uint64), uint32(0), uint64(this.size)]);
    const numbers = Float32Array.from({ length: columns * (rows ?? 1) }, (_, place) => at(place % columns, Math.floor(place / columns)));
    this.tensors.push({ header, numbers });
    this.size += aligned(numbers.byteLength);
  }

  bytes(): Buffer {
    const head = Buffer.concat([Buffer.from('GGUF'), uint32(3), uint64(this.tensors.length), uint64(this.metadata.length), ...this.metadata, ...this.tensors.map(({ header }) => header)]);
    return Buffer.concat([padded(head), ...this.tensors.map(({ numbers }) => padded(Buffer.from(numbers.buffer)))]);
  }

  private list(key: string, type: number, values: readonly Buffer[]): this {
    return this.entry(key, 9, Buffer.concat([uint32(type), uint64(values.length), ...values]));
  }

  private entry(key: string, type: number, value: Buffer): this {
    this.metadata.push(Buffer.concat([textBytes(key), uint32(type), value]));
    return this;
  }
}

const ALIGNMENT = 32;

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes], aligned(bytes.length));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64(bytes.length), bytes]);
}
