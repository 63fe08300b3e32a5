import type { Transport } from '@connectrpc/connect';
import { Http2SessionManager, createConnectTransport } from '@connectrpc/connect-node';

/** One kept-alive HTTP/2 connection to a service: opened by the first call, and again when it broke. */
export class RemoteService {
  readonly transport: Transport;
  private readonly connection: Http2SessionManager;

  constructor(url: string) {
    this.connection = new Http2SessionManager(
      url,
      { pingIntervalMs: 20_000, pingTimeoutMs: 5_000, pingIdleConnection: true },
      { settings: { initialWindowSize: 1_048_576 } },
    );
    this.transport = createConnectTransport({ baseUrl: url, httpVersion: '2', sessionManager: this.connection, useBinaryFormat: true, acceptCompression: [] });
  }

  close(): void {
    this.connection.abort();
  }
}
