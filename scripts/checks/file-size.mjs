import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFiles } from '../files.mjs';
import { root } from '../process.mjs';

const longest = 400;
const longestMedian = 100;

/** Hand-written sources stay short: none over 400 lines, half of them at most 100. */
export const fileSize = {
  name: 'file-size',
  title: `no source over ${longest} lines, median at most ${longestMedian}`,
  async run() {
    const paths = (await projectFiles('*.ts', '*.tsx', '*.mjs')).filter((path) => !path.includes('/gen/'));
    const sizes = paths.map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n').length - 1 }));
    sizes.sort((a, b) => b.lines - a.lines);
    const median = sizes[Math.floor(sizes.length / 2)]?.lines ?? 0;
    const problems = sizes.filter(({ lines }) => lines > longest).map(({ path, lines }) => `${path}: ${lines} lines; split it, one concept a file`);
    if (median > longestMedian) problems.push(`the median file has ${median} lines; at most ${longestMedian} are allowed`);
    const detail = `${sizes.length} files, median ${median} lines, longest ${sizes[0]?.lines ?? 0}`;
    return { isOk: problems.length === 0, detail, output: problems.join('\n') };
  },
};
