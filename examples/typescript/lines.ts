/**
 * An adapter in one page: whoever writes a line on standard input is answered on standard output.
 *
 *     NEXUS_TOKEN=... node lines.ts          # Node 22.18 or newer runs TypeScript as it is
 *
 * What knows the platform is the surface below. The rest (the same message again, a NEXUS that restarts, the order of the answers) is the kit's.
 */
import { createInterface } from 'node:readline';
import { fileMemory, gatewayTransport, runAdapter, type Surface, type SurfaceMessage } from '@nexus/adapter-kit';

const { NEXUS_URL = 'http://127.0.0.1:8080', NEXUS_TOKEN = '', MEMORY = '.lines-memory' } = process.env;
const lines = createInterface({ input: process.stdin });
const place = { chatId: 'terminal', topicId: '' };
const begin = Date.now();
let posted = 0;

const surface: Surface = {
  name: 'lines', // the token must be one for this surface
  capabilities: () => ({ markdown: false, images: false, files: false, choices: false, edits: false, maxTextLength: 2_000, editEveryMs: 0, maxFileBytes: 0 }),

  async connect(onMessage: (message: SurfaceMessage) => Promise<void>) {
    let count = 0;
    let before = Promise.resolve();
    lines.on('line', (text) => {
      // the id must be the same whenever the platform tells of this message again; a terminal never does
      const message: SurfaceMessage = { id: `${begin}-${++count}`, place, isGroup: false, sender: { id: 'me', name: 'Me' }, text, files: [] };
      before = before.then(() => onMessage(message)); // one after the other; a resolved promise says that it cannot be lost any more
    });
  },
  async post(_place, piece) {
    console.log(piece.content.text);
    return `${begin}-answer-${++posted}`;
  },
  async disconnect() {
    lines.close();
  },
  async notify(_place, text) {
    console.log(text.text);
  },
  async context() {
    return { title: 'a terminal', isGroup: false };
  },
  async typing() {}, // a terminal shows nothing of the kind
  async edit() {}, // never called: `edits` is false
  async remove() {},
};

const adapter = await runAdapter({
  surface,
  transport: gatewayTransport({ url: NEXUS_URL, token: NEXUS_TOKEN }),
  memory: fileMemory(MEMORY), // what is not answered yet, so that a crash loses nothing
  observer: { problem: (doing, error) => console.error(`${doing}: ${error.message}`) },
});
process.once('SIGTERM', () => void adapter.stop().then(() => process.exit(0)));
