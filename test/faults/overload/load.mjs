// Requests at a given rate, however long their answers take: clients do not wait for each other.
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const TICK_MS = 5;

export class Load {
  inFlight = 0;
  #agent = new Agent({ keepAlive: true });
  #sent = 0;

  /** Every `agentEach`th request goes to an agent, the others to a model. */
  constructor(url, apiKey, agentEach) {
    this.url = new URL('/v1/chat/completions', url);
    this.headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    this.agentEach = agentEach;
  }

  /** Sends `perSecond` for so many seconds; the answers go to `results` when they come, which may be later. */
  async run(perSecond, seconds, results) {
    const began = performance.now();
    for (let sent = 0; ; await delay(TICK_MS)) {
      const elapsed = Math.min(performance.now() - began, seconds * 1_000);
      for (const due = Math.floor((elapsed / 1_000) * perSecond); sent < due; sent++) this.#send(results, began + (sent / perSecond) * 1_000);
      if (elapsed >= seconds * 1_000) return;
    }
  }

  close() {
    this.#agent.destroy();
  }

  /** Measured from when the request was due: a sender that is late does not make the answers quicker. */
  #send(results, dueAt) {
    const isAgent = ++this.#sent % this.agentEach === 0;
    const kind = isAgent ? 'agent' : 'model';
    const body = JSON.stringify({ model: isAgent ? 'agent/default' : 'fake', messages: [{ role: 'user', content: 'What is the answer?' }] });
    this.inFlight++;
    const done = (status, retryAfter, text) => {
      this.inFlight--;
      results.add({ kind, status, ms: performance.now() - dueAt, retryAfter, text });
    };
    const call = request(this.url, { method: 'POST', agent: this.#agent, headers: { ...this.headers, 'content-length': Buffer.byteLength(body) } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).once('end', () => done(response.statusCode, Number(response.headers['retry-after'] ?? 0), text));
      response.once('error', (error) => done(0, 0, error.message));
    });
    call.once('error', (error) => done(0, 0, error.message));
    call.end(body);
  }
}

/** What came of the requests of one phase. */
export class Results {
  answered = { model: [], agent: [] };
  refused = [];
  /** Text of an answer that is none, with how often it came. */
  errors = new Map();

  add({ kind, status, ms, retryAfter, text }) {
    if (status === 200) this.answered[kind].push(ms);
    else if (status === 429 && text.includes('"overloaded"') && retryAfter >= 1) this.refused.push(ms);
    else {
      const error = `${kind}: ${status} ${text.slice(0, 200)}`;
      this.errors.set(error, (this.errors.get(error) ?? 0) + 1);
    }
  }
}

/** The value below which this share of the values lies; NaN without values. */
export function quantile(values, share) {
  return values.length === 0 ? NaN : values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
}
