import { deliveryRpcs } from '@carillon/delivery';
import { Partitions, type ServiceOptions } from '@carillon/service';
import { migrations } from '../migrations/index.ts';
import { AppModule } from './app.module.ts';
import { config } from './config.ts';

/** The SMS sender as data: what `main.ts` runs and tests start in their own process. */
export const service: ServiceOptions<typeof config.shape> = {
  name: 'sms-sender',
  config,
  module: (values) => AppModule.register(values),
  migrations,
  prepare: (app) => app.get(Partitions).start(),
  rpcs: deliveryRpcs,
};
