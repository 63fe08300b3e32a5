/** What a package brings beside its code, put there before it is packed and removed after: the licence, and for the kit the .proto files. */
import { cpSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const folder = process.cwd();
const brought = [['LICENSE', 'LICENSE'], ...(basename(folder) === 'adapter-kit' ? [['proto/nexus', 'proto/nexus']] : [])];

for (const [from, to] of brought) {
  rmSync(join(folder, to.split('/')[0]), { recursive: true, force: true });
  if (process.argv[2] === 'bring') cpSync(join(root, from), join(folder, to), { recursive: true });
}
