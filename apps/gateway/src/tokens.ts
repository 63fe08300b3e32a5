/** Nest token of the gateway's GatewayConfig. */
export const GATEWAY_CONFIG = Symbol('GatewayConfig');

/** Nest token of the routes that are served on node:http itself, by path. */
export const RAW_ROUTES = Symbol('RawRoutes');
