import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { AppError } from '@nexus/core';
import { z } from 'zod';
import { anthropicModel, anthropicModels, type AnthropicModelJson, type AnthropicModelPage } from '../domain/anthropic-models.js';
import { speaksAnthropic } from '../domain/error-form.js';
import { findModel, listed, modelJson, modelList, type ModelJson } from '../domain/model-list.js';
import { ModelDirectory } from '../handlers/model-directory.js';
import { Api, type ApiCall } from './caller.js';
import { parseInput } from './parse-input.js';

const anthropicQuery = z.object({
  limit: z.coerce.number('must be a number from 1 to 1000').int('must be a whole number').min(1, 'must be from 1 to 1000').max(1_000, 'must be from 1 to 1000').default(20),
  after_id: z.string().max(300).optional().transform((id) => id || undefined),
  before_id: z.string().max(300).optional().transform((id) => id || undefined),
});

/** /v1/models: what can be asked for, in OpenAI's shape; in Anthropic's for a request with `anthropic-version`. */
@Controller('v1/models')
export class ModelsController {
  constructor(@Inject(ModelDirectory) private readonly directory: ModelDirectory) {}

  @Get()
  async list(@Api() { tenantId, request }: ApiCall, @Query() query: unknown): Promise<{ object: 'list'; data: ModelJson[] } | AnthropicModelPage> {
    const { models, agents } = await this.directory.of(tenantId);
    return speaksAnthropic(request) ? anthropicModels(listed(models, agents), parseInput(anthropicQuery, query)) : { object: 'list', data: modelList(models, agents) };
  }

  /** A model's id holds a slash, which some clients write as %2F and others do not. */
  @Get('*id')
  async get(@Api() { tenantId, request }: ApiCall, @Param('id') path: string | string[]): Promise<ModelJson | AnthropicModelJson> {
    const id = typeof path === 'string' ? path : path.join('/');
    const { models, agents } = await this.directory.of(tenantId);
    const model = findModel(models, agents, id);
    if (!model) throw new AppError('model_not_found', 'There is no such model. GET /v1/models lists what there is.', { status: 404, param: 'model' });
    return speaksAnthropic(request) ? anthropicModel(model) : modelJson(model);
  }
}
