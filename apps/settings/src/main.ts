import { runService } from '@nexus/runtime';
import { settingsDefinition } from './settings.module.js';

await runService(settingsDefinition);
