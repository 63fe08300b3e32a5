import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findBaseline } from '../baseline.mjs';
import { git } from '../files.mjs';
import { root, run, tool } from '../process.mjs';

/** The style of the .proto files. */
export const protoLint = {
  name: 'proto-lint',
  title: 'buf lint',
  async run() {
    const { code, output } = await run(tool('buf'), ['lint']);
    return { isOk: code === 0, output };
  },
};

/** No change of the contracts that an older program could not read, unless a commit since then declares it. */
export const protoBreaking = {
  name: 'proto-breaking',
  title: 'buf breaking, against an earlier commit',
  async run({ folder }) {
    const baseline = await findBaseline();
    if (baseline.commit === undefined) return { isOk: true, detail: `nothing compared: ${baseline.reason}` };
    const against = join(folder, 'baseline');
    mkdirSync(against);
    const archive = join(folder, 'baseline.tar');
    if ((await git('archive', `--output=${archive}`, baseline.commit, '--', 'proto')).code !== 0) {
      return { isOk: true, detail: `nothing compared: ${baseline.reason} has no proto folder` };
    }
    const unpacked = await run('tar', ['-xf', archive, '-C', against]);
    if (unpacked.code !== 0) return { isOk: false, output: unpacked.output };
    // buf refuses to compare where either side has no .proto file, which is right: that is a break as well
    copyFileSync(join(root, 'buf.yaml'), join(against, 'buf.yaml'));
    const { code, output } = await run(tool('buf'), ['breaking', '--against', against]);
    if (code === 0 || baseline.declaredBy === undefined) return { isOk: code === 0, detail: `compared with ${baseline.reason}`, output };
    return { isOk: true, detail: `compared with ${baseline.reason}; breaks are declared by "${baseline.declaredBy}"` };
  },
};
