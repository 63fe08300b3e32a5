import type { ServerResponse } from 'node:http';
import { AppError } from '@nexus/core';
import { parseModelName } from '../domain/model-name.js';
import { sendJson } from './send.js';

const MODEL = {
  id: 'demo',
  object: 'model',
  created: 1_763_596_800,
  owned_by: 'nexus-demo',
  description: 'A demo model: it answers by fixed rules and is no AI. Its token counts are approximate.',
};

/** `GET /v1/models`. */
export function listModels(response: ServerResponse): void {
  sendJson(response, 200, { object: 'list', data: [MODEL] });
}

/** `GET /v1/models/{id}`. Throws AppError `model_not_found`. */
export function showModel(response: ServerResponse, id: string): void {
  let name: string;
  try {
    name = decodeURIComponent(id);
  } catch (error) {
    throw new AppError('model_not_found', 'The name of the model is not encoded as in a URL.', { status: 404, param: 'model', cause: error });
  }
  parseModelName(name);
  sendJson(response, 200, { ...MODEL, id: name });
}
