import { runService } from '../src/run-service.ts';
import { bell } from './bell.service.ts';

await runService(bell);
