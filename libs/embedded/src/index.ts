export { findRedisServer } from './find-redis-server.js';
export { freePort } from './free-port.js';
export { startPostgres, type PostgresOptions, type PostgresServer } from './postgres.js';
export { type PostgresSettings } from './postgres-settings.js';
export { type PrivateServer, type PrivateServerOptions } from './private-server.js';
export { runningPostgres } from './running-postgres.js';
export { startRedis, type RedisOptions, type RedisServer } from './redis.js';
export { guardAgainstOrphan, type OrphanPlan } from './watchdog.js';
