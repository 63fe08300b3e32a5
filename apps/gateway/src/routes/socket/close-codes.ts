/** Why the gateway closes a WebSocket; docs/websocket.md says what a client does about each. */
export const closeCodes = {
  /** Only text frames are understood. */
  notText: 1003,
  /** Too many frames in a row that are none. */
  badFrames: 1008,
  /** This replica stops: come back, any other one serves. */
  restart: 1012,
  /** The client reads too slowly, or was not heard of. */
  tryAgain: 1013,
  /** No login in time, or with a ticket that is not valid. */
  login: 4401,
  /** The key was revoked. */
  revoked: 4403,
} as const;

export type CloseReason = keyof typeof closeCodes;
