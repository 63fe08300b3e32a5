import 'reflect-metadata';
import { runService } from '@nexus/runtime';
import { providerRouterService } from './provider-router.module.js';

await runService(providerRouterService);
