/** Reading of TypeScript sources: what can be told from the syntax alone. */
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

function* pathsOf(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'gen') yield* pathsOf(path);
    } else if (/\.ts$/.test(entry.name) && !/\.(test|fixture)\.ts$/.test(entry.name)) yield path;
  }
}

/** The source files of the workspace's packages but these, without tests and generated code: `{ packageName, file }`. */
export function readSources(root, without) {
  return ['libs', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent)).filter((name) => !without.includes(name)).flatMap((packageName) => {
      const folder = join(realpathSync(join(root, 'node_modules/@nexus', packageName)), 'src');
      return [...pathsOf(folder)].map((path) => ({ packageName, file: ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true) }));
    }),
  );
}

/** Every node below this one, itself first. */
export function* nodesIn(node) {
  yield node;
  for (const child of node.getChildren()) yield* nodesIn(child);
}

const FALLBACKS = [ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken];

/** The texts that an expression can be, where that can be told; what is put into a template becomes an ellipsis. */
export function textsOf(node) {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) return [node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('')];
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  if (!ts.isBinaryExpression(node)) return [];
  if (FALLBACKS.includes(node.operatorToken.kind)) return textsOf(node.right);
  const [left, right] = [textsOf(node.left), textsOf(node.right)];
  return node.operatorToken.kind === ts.SyntaxKind.PlusToken && left.length === 1 ? [left[0] + (right.length === 1 ? right[0] : '…')] : [];
}

/** The value of a member of an object literal. */
export const memberOf = (object, name) =>
  object !== undefined && ts.isObjectLiteralExpression(object) ? object.properties.find((property) => ts.isPropertyAssignment(property) && property.name.getText() === name)?.initializer : undefined;

/** The parameter that an identifier stands for, with its function: `{ parameter, index, functionName }`. */
export function parameterBehind(identifier) {
  if (identifier === undefined || !ts.isIdentifier(identifier)) return undefined;
  for (let node = identifier.parent; node !== undefined; node = node.parent) {
    const index = node.parameters?.findIndex?.((parameter) => parameter.name.getText() === identifier.text) ?? -1;
    if (index >= 0) return { parameter: node.parameters[index], index, functionName: (node.name ?? node.parent?.name)?.getText() };
  }
  return undefined;
}

/** The texts of a type that is a union of them, or the name of one. */
export function textsOfType(type, aliases) {
  if (type === undefined) return [];
  if (ts.isUnionTypeNode(type)) return type.types.flatMap((part) => textsOfType(part, aliases));
  if (ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal)) return [type.literal.text];
  return ts.isTypeReferenceNode(type) && aliases.has(type.typeName.getText()) ? textsOfType(aliases.get(type.typeName.getText()), new Map()) : [];
}

export { ts };
