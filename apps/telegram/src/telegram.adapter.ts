export { readTelegramConfig } from './config.js';
export { reportTo } from './report-to.js';
export { botIdOf, telegramSurface, type TelegramOptions } from './telegram-surface.js';
