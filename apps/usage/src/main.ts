import { runService } from '@nexus/runtime';
import { usageService } from './usage.module.js';

await runService(usageService);
