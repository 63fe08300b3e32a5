import { toBinary, type DescFile, type DescMessage, type DescService } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** The schema files behind a set of services, by file name and by the symbols that they define. */
export class DescriptorIndex {
  private readonly files = new Map<string, DescFile>();
  private readonly symbols = new Map<string, DescFile>();

  constructor(services: Iterable<DescService>) {
    for (const service of services) this.addFile(service.file);
  }

  /** The encoded file and, after it, every file that it imports; undefined when the name is unknown. */
  fileByName(name: string): Uint8Array[] | undefined {
    return encodeWithImports(this.files.get(withoutSuffix(name)));
  }

  /** As fileByName, for the file that defines a service, method, message, field, enum or enum value. */
  fileBySymbol(symbol: string): Uint8Array[] | undefined {
    return encodeWithImports(this.symbols.get(symbol.replace(/^\./, '')));
  }

  private addFile(file: DescFile): void {
    if (this.files.has(file.name)) return;
    this.files.set(file.name, file);
    for (const service of file.services) {
      this.symbols.set(service.typeName, file);
      for (const method of service.methods) this.symbols.set(`${service.typeName}.${method.name}`, file);
    }
    for (const message of file.messages) this.addMessage(message, file);
    for (const enumeration of file.enums) this.symbols.set(enumeration.typeName, file);
    for (const dependency of file.dependencies) this.addFile(dependency);
  }

  private addMessage(message: DescMessage, file: DescFile): void {
    this.symbols.set(message.typeName, file);
    for (const field of message.fields) this.symbols.set(`${message.typeName}.${field.name}`, file);
    for (const enumeration of message.nestedEnums) this.symbols.set(enumeration.typeName, file);
    for (const nested of message.nestedMessages) this.addMessage(nested, file);
  }
}

/** Descriptors name a file without `.proto`; the protocol names it with. */
function withoutSuffix(name: string): string {
  return name.endsWith('.proto') ? name.slice(0, -'.proto'.length) : name;
}

function encodeWithImports(file: DescFile | undefined): Uint8Array[] | undefined {
  if (file === undefined) return undefined;
  const ordered = new Set<DescFile>();
  const visit = (each: DescFile): void => {
    if (ordered.has(each)) return;
    ordered.add(each);
    each.dependencies.forEach(visit);
  };
  visit(file);
  return [...ordered].map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
}
