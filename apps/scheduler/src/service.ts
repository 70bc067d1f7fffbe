import { personalData } from '@carillon/contracts';
import type { ServiceOptions } from '@carillon/service';
import { z } from 'zod';
import { migrations } from '../migrations/index.ts';
import { AppModule } from './app.module.ts';

const config = z.object({});

/** The scheduler as data: what `main.ts` runs and tests start in their own process. */
export const service: ServiceOptions<typeof config.shape> = {
  name: 'scheduler',
  config,
  module: () => AppModule,
  migrations,
  rpcs: [personalData],
};
