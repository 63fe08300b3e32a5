/** An answer 429 that is to come. */
export interface PlannedLimit {
  /** Of which requests: tried on `POST /channels/1/messages`. Default: all. */
  readonly route?: RegExp;
  /** How many requests are refused. Default 1. */
  readonly times?: number;
  readonly retryAfterMs: number;
  readonly isGlobal?: boolean;
}

/** What stands in the headers of every answer. */
export interface LimitState {
  readonly isRefused: boolean;
  readonly isGlobal: boolean;
  readonly retryAfterMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface Window {
  used: number;
  endsAt: number;
}

/** Discord's buckets: so many requests a window for each method, route and channel, as the headers tell. */
export class RateLimits {
  private readonly windows = new Map<string, Window>();
  private planned: { limit: PlannedLimit; left: number }[] = [];
  private globalUntil = 0;

  constructor(
    private readonly perWindow: number,
    private readonly windowMs: number,
  ) {}

  plan(limit: PlannedLimit): void {
    this.planned.push({ limit, left: limit.times ?? 1 });
  }

  /** Counts a request. `bucket` names method and route, `major` the channel. */
  take(request: string, bucket: string, major: string, now: number): LimitState {
    if (now < this.globalUntil) return this.refuse(this.globalUntil - now, true, {});
    const plan = this.planned.find(({ limit }) => limit.route?.test(request) ?? true);
    if (plan !== undefined) {
      plan.left -= 1;
      if (plan.left === 0) this.planned = this.planned.filter((other) => other !== plan);
      const { retryAfterMs, isGlobal = false } = plan.limit;
      if (isGlobal) this.globalUntil = now + retryAfterMs;
      return this.refuse(retryAfterMs, isGlobal, isGlobal ? {} : this.headers(bucket, 0, now + retryAfterMs, now));
    }
    const key = `${bucket} ${major}`;
    const known = this.windows.get(key);
    const window = known !== undefined && now < known.endsAt ? known : { used: 0, endsAt: now + this.windowMs };
    this.windows.set(key, window);
    if (window.used >= this.perWindow) return this.refuse(window.endsAt - now, false, this.headers(bucket, 0, window.endsAt, now));
    window.used += 1;
    return { isRefused: false, isGlobal: false, retryAfterMs: 0, headers: this.headers(bucket, this.perWindow - window.used, window.endsAt, now) };
  }

  private refuse(retryAfterMs: number, isGlobal: boolean, headers: Readonly<Record<string, string>>): LimitState {
    const scope: Record<string, string> = isGlobal ? { 'x-ratelimit-global': 'true', 'x-ratelimit-scope': 'global' } : { 'x-ratelimit-scope': 'user' };
    return { isRefused: true, isGlobal, retryAfterMs, headers: { ...headers, ...scope, 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } };
  }

  private headers(bucket: string, remaining: number, endsAt: number, now: number): Record<string, string> {
    return {
      'x-ratelimit-limit': String(this.perWindow),
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset': String(endsAt / 1000),
      'x-ratelimit-reset-after': String((endsAt - now) / 1000),
      'x-ratelimit-bucket': Buffer.from(bucket).toString('hex').slice(0, 32),
    };
  }
}
