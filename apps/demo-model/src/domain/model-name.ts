import { AppError } from '@nexus/core';

/** How an answer is sent; asked for through the model's name: `demo;delay=50;chunks=40;chunkdelay=5`. */
export interface SendingPace {
  /** Milliseconds before the answer. */
  readonly delayMs: number;
  /** Pieces of text a streamed answer has; undefined sends word by word. */
  readonly chunks: number | undefined;
  /** Milliseconds between two pieces. */
  readonly chunkDelayMs: number;
}

const BOUNDS: Readonly<Record<string, number>> = { delay: 60_000, chunks: 2_000, chunkdelay: 5_000 };

/** Reads a model's name. Throws AppError `model_not_found` for any model but `demo`, `invalid_model_option` for an option that is none. */
export function parseModelName(model: string): SendingPace {
  const [name, ...options] = model.split(';');
  if (name !== 'demo') throw new AppError('model_not_found', `The model "${model.slice(0, 100)}" does not exist: the demo model's name is "demo".`, { status: 404, param: 'model' });
  const values = new Map(options.filter((option) => option !== '').map(readOption));
  return { delayMs: values.get('delay') ?? 0, chunks: values.get('chunks'), chunkDelayMs: values.get('chunkdelay') ?? 0 };
}

function readOption(option: string): [name: string, value: number] {
  const match = /^([a-z]+)=(\d{1,6})$/.exec(option);
  const name = match?.[1] ?? '';
  const value = Number(match?.[2]);
  const bound = Object.hasOwn(BOUNDS, name) ? BOUNDS[name] : undefined;
  if (bound === undefined || !(value <= bound) || (name === 'chunks' && value === 0)) {
    throw new AppError('invalid_model_option', `"${option.slice(0, 50)}" is no option of the demo model. It has delay (ms, up to 60000), chunks (1 to 2000) and chunkdelay (ms, up to 5000).`, { status: 400, param: 'model' });
  }
  return [name, value];
}
