import {
  checkTemplates,
  deleteSample,
  getBrand,
  getSample,
  putSample,
  renderNotifications,
  requiredData,
  saveBrand,
} from '@carillon/contracts';
import type { ServiceOptions } from '@carillon/service';
import { migrations } from '../migrations/index.ts';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';

/** The template-renderer as data; `main.ts` runs it, tests start it in their own process. */
export const service = {
  name: 'template-renderer',
  config: configSchema,
  module: () => AppModule,
  migrations,
  rpcs: [
    checkTemplates,
    renderNotifications,
    getBrand,
    saveBrand,
    requiredData,
    getSample,
    putSample,
    deleteSample,
  ],
} satisfies ServiceOptions<typeof configSchema.shape>;
