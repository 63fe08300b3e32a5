import { Code, type ServiceImpl } from '@connectrpc/connect';
import type { DescService, MessageInitShape } from '@bufbuild/protobuf';
import { ServerReflection, ServerReflectionAlpha, type ServerReflectionRequest } from '@nexus/contracts';
import { DescriptorIndex } from './descriptor-index.js';

type Answer = MessageInitShape<(typeof ServerReflection.method.serverReflectionInfo)['output']>;
type Question = ServerReflectionRequest['messageRequest'];

/** gRPC server reflection, v1 and v1alpha, for the services that a server offers: clients need no .proto files. */
export function createReflectionServices(services: readonly DescService[]): {
  v1: ServiceImpl<typeof ServerReflection>;
  v1alpha: ServiceImpl<typeof ServerReflectionAlpha>;
} {
  const index = new DescriptorIndex(services);
  const names = services.map((service) => service.typeName).sort();
  const v1: ServiceImpl<typeof ServerReflection> = {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answer(request.messageRequest, index, names) };
      }
    },
  };
  // The two versions differ in the name of their package only.
  return { v1, v1alpha: v1 as unknown as ServiceImpl<typeof ServerReflectionAlpha> };
}

function answer(question: Question, index: DescriptorIndex, names: readonly string[]): NonNullable<Answer['messageResponse']> {
  switch (question.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: names.map((name) => ({ name })) } };
    case 'fileByFilename':
      return files(index.fileByName(question.value), question.value);
    case 'fileContainingSymbol':
      return files(index.fileBySymbol(question.value), question.value);
    case 'fileContainingExtension':
    case 'allExtensionNumbersOfType':
      return failure(Code.NotFound, 'NEXUS defines no extensions');
    default:
      return failure(Code.InvalidArgument, 'the request asks for nothing');
  }
}

function files(found: Uint8Array[] | undefined, name: string): NonNullable<Answer['messageResponse']> {
  if (found === undefined) return failure(Code.NotFound, `unknown: ${name}`);
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: found } };
}

function failure(errorCode: Code, errorMessage: string): NonNullable<Answer['messageResponse']> {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
