#!/usr/bin/env node
/** The command `nexus`: says what is missing when it cannot run, else hands over to the compiled program. */
import { existsSync } from 'node:fs';

const program = new URL('../dist/main.js', import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 15)) {
  console.error(`nexus needs Node 22.15 or newer, this is ${process.versions.node}. In the folder of NEXUS, \`npx nexus\` runs it on the Node that npm installed.`);
  process.exitCode = 1;
} else if (!existsSync(program)) {
  console.error('nexus is not built yet. Run `npm run build`, or `npm start`, which builds and starts it.');
  process.exitCode = 1;
} else {
  await import(program.href);
}
