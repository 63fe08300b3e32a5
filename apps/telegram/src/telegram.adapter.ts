export { readTelegramConfig } from './config.js';
export { reportTo } from './report-to.js';
export { botIdOf, telegramSurface, type TelegramOptions, type TelegramSurface } from './telegram-surface.js';
