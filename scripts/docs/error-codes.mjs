/** The error codes that stand in the sources. */
import { memberOf, nodesIn, parameterBehind, readSources, textsOf, textsOfType, ts } from './syntax.mjs';

/** Packages whose errors nobody meets outside of tests. */
const NOT_SHOWN = ['testing'];

/** What an error's options say: `statuses` and `retries` hold what they can be; a status that is decided at run time is undefined. */
function optionsOf(options) {
  const status = memberOf(options, 'status');
  const isRetryable = memberOf(options, 'isRetryable');
  return {
    statuses: status === undefined ? [] : [ts.isNumericLiteral(status) ? Number(status.text) : undefined],
    retries: [true, false].filter((is) => (isRetryable === undefined ? !is : isRetryable.kind !== (is ? ts.SyntaxKind.FalseKeyword : ts.SyntaxKind.TrueKeyword))),
  };
}

/** Names of the classes of errors: AppError and what extends it. */
function errorClasses(sources) {
  const names = new Set(['AppError']);
  for (const { file } of sources) {
    for (const node of nodesIn(file)) {
      if (ts.isClassDeclaration(node) && node.heritageClauses?.some((clause) => clause.types.some((type) => names.has(type.expression.getText())))) names.add(node.name.text);
    }
  }
  return names;
}

const classAround = (node) => (node === undefined || ts.isClassDeclaration(node) ? node : classAround(node.parent));

/** The arguments of an expression that makes an error, or undefined when it makes none. */
function errorArguments(node, classes) {
  if (ts.isNewExpression(node) && classes.has(node.expression.getText())) return node.arguments ?? [];
  const isSuper = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword && classes.has(classAround(node)?.name?.text);
  return isSuper ? node.arguments : undefined;
}

/**
 * Everything that makes an error in one package: `found({ code, message, statuses, retries })`, or `passedOn()` where its code comes
 * from elsewhere. A function that takes the code as a parameter is followed to its calls.
 */
function visitPackage(files, classes, found, passedOn) {
  const nodes = files.flatMap((file) => [...nodesIn(file)]);
  const aliases = new Map(nodes.filter(ts.isTypeAliasDeclaration).map((alias) => [alias.name.text, alias.type]));
  const makers = new Map();
  for (const node of nodes) {
    const made = errorArguments(node, classes);
    if (made !== undefined) {
      const [code, message, options] = made;
      const facts = { message: textsOf(message).join(' / '), ...optionsOf(options) };
      const behind = parameterBehind(code);
      const codes = [...textsOf(code), ...textsOfType(behind?.parameter.type, aliases)];
      for (const text of codes) found({ ...facts, code: text });
      if (codes.length > 0) continue;
      if (behind?.functionName === undefined) passedOn();
      else makers.set(behind.functionName, { codeAt: behind.index, messageAt: parameterBehind(message)?.index, facts });
    } else if (memberOf(node, 'isRetryable') !== undefined || memberOf(node, 'status') !== undefined) {
      // an outcome that becomes an error later
      for (const code of textsOf(memberOf(node, 'code'))) found({ code, message: textsOf(memberOf(node, 'message')).join(' / '), ...optionsOf(node) });
    }
  }
  for (const node of nodes) {
    const maker = ts.isCallExpression(node) ? makers.get(node.expression.getText()) : undefined;
    if (maker === undefined) continue;
    const codes = textsOf(node.arguments[maker.codeAt]);
    const message = maker.messageAt === undefined ? maker.facts.message : textsOf(node.arguments[maker.messageAt]).join(' / ');
    for (const code of codes) found({ ...maker.facts, message, code });
    if (codes.length === 0) passedOn();
  }
}

/** `codes`: by code, in order, sets of `messages`, `statuses`, `retries` and `packages`. `passedOn`: packages that pass on codes of others. */
export function collectErrorCodes(root) {
  const sources = readSources(root, NOT_SHOWN);
  const classes = errorClasses(sources);
  const codes = new Map();
  const passedOn = new Set();
  for (const [packageName, files] of Map.groupBy(sources, (source) => source.packageName)) {
    const found = ({ code, message, statuses, retries }) => {
      if (code === '') return;
      if (!codes.has(code)) codes.set(code, { messages: new Set(), statuses: new Set(), retries: new Set(), packages: new Set() });
      const known = codes.get(code);
      if (/\p{L}/u.test(message)) known.messages.add(message);
      for (const status of statuses) known.statuses.add(status);
      for (const retry of retries) known.retries.add(retry);
      known.packages.add(packageName);
    };
    visitPackage(files.map(({ file }) => file), classes, found, () => passedOn.add(packageName));
  }
  return { codes: new Map([...codes].sort(([a], [b]) => (a < b ? -1 : 1))), passedOn: [...passedOn].sort() };
}
