import { findingsOf, type Finding } from './finding.js';

/** What Redis tells of itself: the fields of INFO, and of CONFIG GET where it lets it be read. */
export interface RedisFacts {
  readonly info: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, string>>;
  /** Milliseconds of a PING. */
  readonly pingMs: number;
}

const { ok, warning, failure } = findingsOf('redis');
const OLDEST = [7, 0] as const;
const SLOW_PING_MS = 20;
/** Of maxmemory: from here on it is time to act. */
const NEARLY_FULL = 0.8;

/** Whether this Redis can hold the channels: its version, what it does when it is full, what it keeps through a restart, how full it is. */
export function judgeRedis({ info, config, pingMs }: RedisFacts): Finding[] {
  return [judgeVersion(info), ...judgeMemory(info, config), ...judgePersistence(info, config), judgePing(pingMs)];
}

function judgeVersion(info: RedisFacts['info']): Finding {
  const version = info['redis_version'] ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return isOld ? failure(`Redis ${version} is too old`, `Use Redis ${OLDEST.join('.')} or newer.`) : ok(`Redis ${version}`);
}

function judgeMemory(info: RedisFacts['info'], config: RedisFacts['config']): Finding[] {
  const limit = Number(info['maxmemory'] ?? 0);
  const used = Number(info['used_memory'] ?? 0);
  const policy = info['maxmemory_policy'] ?? config['maxmemory-policy'] ?? 'noeviction';
  const findings: Finding[] = [];
  if (policy !== 'noeviction') {
    findings.push(failure(`Redis drops keys when it is full (maxmemory-policy ${policy}): channels would vanish`, 'Set maxmemory-policy noeviction: then NEXUS refuses new messages for a moment instead.'));
  }
  if (limit === 0) findings.push(warning(`Redis uses ${megabytes(used)} and has no limit`, 'Set maxmemory below what the machine or container has, or the kernel may kill Redis.'));
  else if (used > limit * NEARLY_FULL) findings.push(failure(`Redis is ${percent(used / limit)} full (${megabytes(used)} of ${megabytes(limit)})`, 'Look which channel grows (`nexus doctor` shows their lag), start what should read it, or raise maxmemory.'));
  else findings.push(ok(`${megabytes(used)} of ${megabytes(limit)} used`));
  return findings;
}

function judgePersistence(info: RedisFacts['info'], config: RedisFacts['config']): Finding[] {
  const findings: Finding[] = [];
  if (info['aof_enabled'] === '1') {
    const fsync = config['appendfsync'];
    findings.push(fsync === 'no' ? warning('Redis leaves it to the system when its append-only file is written', 'Set appendfsync everysec.') : ok(`append-only file${fsync === undefined ? '' : `, appendfsync ${fsync}`}`));
    if (info['aof_last_write_status'] === 'err') findings.push(failure('Redis could not write its append-only file', 'Look at its disk and its log: until then it may refuse what is written.'));
  } else {
    findings.push(warning('Redis keeps nothing through a restart (appendonly no)', 'Set appendonly yes. Without it no accepted run is lost, but each restart makes NEXUS publish everything under way anew, and plain completions under way fail.'));
  }
  if (info['rdb_last_bgsave_status'] === 'err' && config['stop-writes-on-bgsave-error'] !== 'no') findings.push(failure('The last snapshot of Redis failed, and so it refuses what is written', 'Look at its disk and memory, then run BGSAVE.'));
  if (info['role'] !== undefined && info['role'] !== 'master') findings.push(failure('This Redis is a replica: nothing can be published to it', 'Point REDIS_URL to the master.'));
  return findings;
}

function judgePing(pingMs: number): Finding {
  const says = `answers in ${pingMs < 10 ? pingMs.toFixed(1) : Math.round(pingMs)} ms`;
  return pingMs > SLOW_PING_MS ? warning(`Redis ${says}`, 'Every message waits for it several times: bring it nearer, or find out what keeps it busy (SLOWLOG GET).') : ok(says);
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)} MB`;
const percent = (share: number): string => `${Math.round(share * 100)} %`;
