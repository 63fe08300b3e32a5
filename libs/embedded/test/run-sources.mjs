/** Lets Node run our TypeScript sources as they are, for tests that need a process of their own: `--import` this file. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurSource = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
    return nextResolve(isOurSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});
