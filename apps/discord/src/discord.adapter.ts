export { readDiscordConfig, type DiscordConfig } from './config.js';
export { discordSurface, type DiscordObserver, type DiscordSurface, type DiscordSurfaceOptions } from './discord-surface.js';
export { reportTo } from './report-to.js';
