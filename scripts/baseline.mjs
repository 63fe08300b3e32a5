/** The commit that contracts are compared with. */
import { git } from './files.mjs';

const first = async (...args) => {
  const { code, stdout } = await git(...args);
  return code === 0 ? stdout.trim().split('\n')[0] : '';
};

/** The newest release before HEAD, else where this branch left main, else the parent of HEAD; in a shallow clone HEAD itself. */
async function candidates() {
  const tag = await first('tag', '--merged', 'HEAD', '--sort=-version:refname', '--list', 'v[0-9]*');
  return [
    ...(tag ? [[`${tag}^{commit}`, `release ${tag}`]] : []),
    ...(await Promise.all(['origin/main', 'main'].map(async (branch) => [await first('merge-base', 'HEAD', branch), `where HEAD left ${branch}`]))),
    ['HEAD~1', 'the parent of HEAD'],
  ];
}

/**
 * `{ commit, reason, declaredBy }`: commit is undefined when there is none to compare with, and reason says why;
 * declaredBy is the subject of a commit after it that declares a breaking change the conventional way ("feat!: ...").
 */
export async function findBaseline() {
  const head = await first('rev-parse', '--verify', '--quiet', 'HEAD');
  if (head === '') return { reason: 'no commit yet' };
  for (const [revision, reason] of await candidates()) {
    const commit = revision === '' ? '' : await first('rev-parse', '--verify', '--quiet', revision);
    if (commit !== '' && commit !== head) return { commit, reason: `${reason} (${commit.slice(0, 9)})`, declaredBy: await declaredSince(commit) };
  }
  const isShallow = (await first('rev-parse', '--is-shallow-repository')) === 'true';
  const why = isShallow ? 'HEAD, a shallow clone without its parent: only uncommitted changes are seen' : 'HEAD, the first commit: only uncommitted changes are seen';
  return { commit: head, reason: why };
}

async function declaredSince(commit) {
  const { stdout } = await git('log', '--format=%s%x00%b%x01', `${commit}..HEAD`);
  const found = stdout.split('\x01').find((entry) => /^\s*\w+(\([^)]*\))?!:/.test(entry) || /^BREAKING[ -]CHANGE:/m.test(entry.split('\0')[1] ?? ''));
  return found?.split('\0')[0]?.trim();
}
