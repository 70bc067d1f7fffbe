import { runService } from '@carillon/service';
import { service } from './service.ts';

await runService(service);
