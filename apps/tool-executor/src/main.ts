import 'reflect-metadata';
import { runService } from '@nexus/runtime';
import { toolExecutorService } from './tool-executor.module.js';

await runService(toolExecutorService);
