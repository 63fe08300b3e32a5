import type { IncomingMessage, ServerResponse } from 'node:http';
import { BadRequestException, Catch, Inject, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { AppError } from '@nexus/core';
import { LOGGER, type Logger } from '@nexus/runtime';
import { methodsOf } from '../domain/route-methods.js';
import { logFailure } from './log-failure.js';
import { writeError } from './write-error.js';

/** What goes wrong in a controller, or before one is found, in the shape of the request's protocol. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const response = http.getResponse<ServerResponse>();
    const shown = this.toAppError(error, request, response);
    logFailure(this.logger, request, shown);
    if (response.headersSent) response.destroy();
    else writeError(request, response, shown);
  }

  private toAppError(error: unknown, request: IncomingMessage, response: ServerResponse): AppError {
    if (error instanceof AppError) return error;
    if (error instanceof NotFoundException) return notFound(request, response);
    if (error instanceof BadRequestException) return badRequest(request, error);
    return fromBodyParser(error) ?? AppError.from(error);
  }
}

function notFound(request: IncomingMessage, response: ServerResponse): AppError {
  const path = new URL(request.url ?? '/', 'http://gateway').pathname;
  const methods = methodsOf(path);
  if (methods === undefined) return new AppError('not_found', 'There is nothing at this path. docs/api.md lists what there is.', { status: 404 });
  response.setHeader('allow', methods.join(', '));
  return new AppError('method_not_allowed', `Use ${methods.join(' or ')}.`, { status: 405 });
}

/** Nest's word for a path or a body that cannot be parsed; which of them, it does not say. */
function badRequest(request: IncomingMessage, cause: unknown): AppError {
  try {
    decodeURI(request.url ?? '/');
  } catch {
    return new AppError('invalid_path', 'The path is not valid: check its percent signs.', { status: 400, cause });
  }
  return new AppError('invalid_json', 'The body is not valid JSON.', { status: 400, cause });
}

/** Express reads the bodies of these routes and has errors of its own for what is wrong with them. */
function fromBodyParser(error: unknown): AppError | undefined {
  const type = (error as { type?: unknown } | undefined)?.type;
  switch (type) {
    case 'entity.too.large':
      return new AppError('body_too_large', 'The body is too large.', { status: 413, cause: error });
    case 'encoding.unsupported':
      return new AppError('unsupported_encoding', 'The content-encoding is not supported: send gzip, deflate, br or none.', { status: 415, cause: error });
    case 'charset.unsupported':
      return new AppError('unsupported_charset', 'The body must be UTF-8.', { status: 415, cause: error });
    default:
      return (error as { status?: unknown } | undefined)?.status === 400 ? new AppError('bad_request', 'The request cannot be read.', { status: 400, cause: error }) : undefined;
  }
}
