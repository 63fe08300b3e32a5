import 'reflect-metadata';
import { runService } from '@nexus/runtime';
import { orchestratorService } from './orchestrator.module.js';

await runService(orchestratorService);
