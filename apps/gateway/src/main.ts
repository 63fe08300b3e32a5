import { runService } from '@nexus/runtime';
import { gatewayService } from './gateway.module.js';

await runService(gatewayService);
