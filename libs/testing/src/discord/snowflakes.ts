const DISCORD_EPOCH_MS = 1_420_070_400_000n;

/** Makes Discord's ids: 64 bits with the time in them, each larger than the one before. */
export class Snowflakes {
  private last = 0n;

  next(now = Date.now()): string {
    const id = (BigInt(now) - DISCORD_EPOCH_MS) << 22n;
    this.last = id > this.last ? id : this.last + 1n;
    return String(this.last);
  }
}
