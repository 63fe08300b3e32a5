/** What one WebSocket may take. Times in milliseconds. */
export interface SocketLimits {
  readonly heartbeatMs: number;
  /** From the connection to its login. */
  readonly loginWithinMs: number;
  /** Largest frame of a client. */
  readonly frameBytes: number;
  /** What may wait for a client that reads slowly. */
  readonly bufferBytes: number;
  /** Messages without an answer, and subscriptions, together. */
  readonly mostOpen: number;
  /** Frames that wait for their turn; then no more are read for a while. */
  readonly mostWaiting: number;
  /** Frames in a row that are none. */
  readonly mostBadFrames: number;
  /** A client that does not answer a close is cut off after this. */
  readonly closeWithinMs: number;
}

export const socketLimits: SocketLimits = {
  heartbeatMs: 15_000, loginWithinMs: 10_000, frameBytes: 1_048_576, bufferBytes: 4 * 1_048_576, mostOpen: 64, mostWaiting: 64, mostBadFrames: 16, closeWithinMs: 5_000,
};
