import { runService } from '@nexus/runtime';
import { settingsService } from './settings.module.js';

await runService(settingsService);
