import {
  checkEvent,
  getDecision,
  getEvent,
  getPreferences,
  getRecipient,
  putRecipient,
  setPreferences,
} from '@carillon/contracts';
import type { ServiceOptions } from '@carillon/service';
import { z } from 'zod';
import { migrations } from '../migrations/index.ts';
import { AppModule } from './app.module.ts';

const config = z.object({});

export const service: ServiceOptions<typeof config.shape> = {
  name: 'preferences',
  config,
  module: () => AppModule,
  migrations,
  rpcs: [checkEvent, getEvent, putRecipient, getRecipient, getPreferences, setPreferences, getDecision],
};
