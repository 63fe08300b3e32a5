import { Controller, Get, Inject, Param } from '@nestjs/common';
import { AppError } from '@nexus/core';
import { findModel, modelList, type ModelJson } from '../domain/model-list.js';
import { ModelDirectory } from '../handlers/model-directory.js';
import { Api, type ApiCall } from './caller.js';

/** /v1/models: what can be asked for, in OpenAI's shape. */
@Controller('v1/models')
export class ModelsController {
  constructor(@Inject(ModelDirectory) private readonly directory: ModelDirectory) {}

  @Get()
  async list(@Api() { tenantId }: ApiCall): Promise<{ object: 'list'; data: ModelJson[] }> {
    const { models, agents } = await this.directory.of(tenantId);
    return { object: 'list', data: modelList(models, agents) };
  }

  /** A model's id holds a slash, which some clients write as %2F and others do not. */
  @Get('*id')
  async get(@Api() { tenantId }: ApiCall, @Param('id') path: string | string[]): Promise<ModelJson> {
    const id = typeof path === 'string' ? path : path.join('/');
    const { models, agents } = await this.directory.of(tenantId);
    const model = findModel(models, agents, id);
    if (!model) throw new AppError('model_not_found', 'There is no such model. GET /v1/models lists what there is.', { status: 404, param: 'model' });
    return model;
  }
}
