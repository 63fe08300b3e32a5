/** The .proto files as descriptors, with the comments that generated code leaves out. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { childEnvironment, tool } from '../process.mjs';

// Field numbers of descriptor.proto, by which source locations are found.
const MESSAGE = 4;
const ENUM = 5;
const FIELD = 2;
const NESTED_MESSAGE = 3;
const NESTED_ENUM = 4;
const VALUE = 2;

const inOneLine = (text) => text.split('\n').map((line) => line.trim()).join(' ').trim();

function* commentsOf(file) {
  const texts = new Map(file.sourceCodeInfo?.location.map(({ path, leadingComments }) => [path.join('.'), inOneLine(leadingComments)]));
  const at = (path) => texts.get(path.join('.')) ?? '';
  function* ofEnum(type, name, path) {
    yield [name, at(path)];
    for (const [i, value] of type.value.entries()) yield [`${name}.${value.name}`, at([...path, VALUE, i])];
  }
  function* ofMessage(type, name, path) {
    yield [name, at(path)];
    for (const [i, field] of type.field.entries()) yield [`${name}.${field.name}`, at([...path, FIELD, i])];
    for (const [i, nested] of type.nestedType.entries()) yield* ofMessage(nested, `${name}.${nested.name}`, [...path, NESTED_MESSAGE, i]);
    for (const [i, nested] of type.enumType.entries()) yield* ofEnum(nested, `${name}.${nested.name}`, [...path, NESTED_ENUM, i]);
  }
  for (const [i, type] of file.messageType.entries()) yield* ofMessage(type, `${file.package}.${type.name}`, [MESSAGE, i]);
  for (const [i, type] of file.enumType.entries()) yield* ofEnum(type, `${file.package}.${type.name}`, [ENUM, i]);
}

/** `message(typeName)` is the descriptor of a message; `comment(name)` what stands above a message, field, enum or value, in one line. */
export async function readProtos(root) {
  const { stdout } = await promisify(execFile)(tool('buf'), ['build', '-o', '-#format=binpb'], { cwd: root, env: childEnvironment(), encoding: 'buffer', maxBuffer: 50_000_000 });
  const files = fromBinary(FileDescriptorSetSchema, stdout);
  const registry = createFileRegistry(files);
  const comments = new Map(files.file.flatMap((file) => [...commentsOf(file)]));
  return {
    message(typeName) {
      const found = registry.getMessage(typeName);
      if (found === undefined) throw new Error(`no .proto file has the message ${typeName}`);
      return found;
    },
    comment: (name) => comments.get(name) ?? '',
  };
}
