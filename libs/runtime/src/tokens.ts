/** Nest tokens of what every service is given; a global module provides them. */
export const BUS = Symbol('ChannelBus');
/** The service's own database; absent for services without storage. */
export const DATABASE = Symbol('Database');
export const CLIENTS = Symbol('ServiceClients');
export const LOGGER = Symbol('Logger');
export const CLOCK = Symbol('Clock');
/** Name of this replica: stable over restarts, different between replicas. */
export const REPLICA = Symbol('Replica');
export const ENVIRONMENT = Symbol('Environment');
export const KEY_RESOLVER = Symbol('KeyResolver');
export const TENANT_SETTINGS = Symbol('TenantSettingsCache');
/** DeadLetterStore of the service's schema; absent for services without storage. */
export const DEAD_LETTERS = Symbol('DeadLetterStore');
/** Starts spans under the service's own name. */
export const TRACER = Symbol('Tracer');
/** Proves to the other services that a request comes from one of them. */
export const SERVICE_TOKEN = Symbol('ServiceToken');
/** Metrics: what GET /metrics shows. */
export const METRICS = Symbol('Metrics');
/** Stopping: when this service ends, and how. */
export const STOPPING = Symbol('Stopping');
/** Optional, provided by a service: a RawHttpHandler that sees HTTP/1 requests before anything else. */
export const RAW_HTTP = Symbol('RawHttpHandler');
/** Optional, provided by a service: an UpgradeHandler for WebSockets. */
export const HTTP_UPGRADE = Symbol('UpgradeHandler');
