export { pinnedRequest } from './pinned-request.js';
export { resolveHost, systemLookup, type HostAddress, type HostLookup } from './resolve-host.js';
