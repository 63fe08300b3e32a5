/** ESLint rule: a file is named in kebab-case after what it exports, and never after nothing in particular. */
import { basename } from 'node:path';

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.(ts|tsx|mjs)$/;
const vague = /(^|[-.])(utils?|helpers?|common|shared|misc|managers?)([-.]|$)/;

export const fileNames = {
  meta: {
    type: 'problem',
    docs: { description: 'file names say what the file exports' },
    messages: {
      kebab: 'Name {{name}} in kebab-case, after what it exports: run-machine.ts.',
      vague: '{{name}} names nothing: say what the file is about (retry-delay.ts, redis-url.ts).',
    },
    schema: [],
  },
  create(context) {
    const name = basename(context.filename);
    return {
      Program(node) {
        if (!kebab.test(name)) context.report({ node, messageId: 'kebab', data: { name } });
        else if (vague.test(name)) context.report({ node, messageId: 'vague', data: { name } });
      },
    };
  },
};
