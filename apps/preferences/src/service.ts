import {
  addSuppression,
  checkEvent,
  dryRunEvent,
  effectiveCatalog,
  eraseRecipient,
  getCatalog,
  getDecision,
  getEvent,
  getPreferences,
  getRecipient,
  listCatalogVersions,
  listRecipients,
  listSources,
  listSuppressions,
  personalData,
  putCatalog,
  putRecipient,
  putRecipients,
  removeSuppression,
  revertCatalog,
  setPreferences,
} from '@carillon/contracts';
import type { ServiceOptions } from '@carillon/service';
import { migrations } from '../migrations/index.ts';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';
import { Retention } from './retention/retention.ts';

export const service: ServiceOptions<typeof configSchema.shape> = {
  name: 'preferences',
  config: configSchema,
  module: () => AppModule,
  migrations,
  prepare: (app) => app.get(Retention).start(),
  rpcs: [
    checkEvent,
    dryRunEvent,
    getEvent,
    putRecipient,
    putRecipients,
    getRecipient,
    listRecipients,
    listSuppressions,
    addSuppression,
    removeSuppression,
    getPreferences,
    setPreferences,
    getDecision,
    eraseRecipient,
    personalData,
    listSources,
    getCatalog,
    putCatalog,
    listCatalogVersions,
    revertCatalog,
    effectiveCatalog,
  ],
};
