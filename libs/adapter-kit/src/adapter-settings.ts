/** All may be left out. */
export interface AdapterSettings {
  /** The bot's own id on the platform: part of every message id, so that two bots in one chat do not take each other's messages. Default ''. */
  readonly bot?: string;
  /** The agent that is asked; default: NEXUS's own default. */
  readonly agent?: string;
  /** False: `/new` and its like are ordinary messages. Default true. */
  readonly commands?: boolean;
  /** Milliseconds until a message that nobody has confirmed is sent again, doubling up to 30 s; what is confirmed and not answered is sent again after 15 times this, at most 30 s. Default 2,000. */
  readonly republishMs?: number;
  /** How often a message that was refused for overload is sent again before the person is told. Default 5. */
  readonly overloadRetries?: number;
}
