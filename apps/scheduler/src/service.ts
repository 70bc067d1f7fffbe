import {
  cancelDigest,
  cancelTimer,
  deleteSchedule,
  getDigest,
  getRetention,
  getRetentionRun,
  getSchedule,
  getTimer,
  listDigests,
  listRetentionRuns,
  listScheduleRuns,
  listSchedules,
  listTimers,
  moveTimer,
  pauseSchedule,
  personalData,
  putSchedule,
  runDigest,
  runRetention,
  runSchedule,
  setRetention,
  stopEvent,
  tendRetention,
  traceDigests,
} from '@carillon/contracts';
import type { ServiceOptions } from '@carillon/service';
import { migrations } from '../migrations/index.ts';
import { AppModule } from './app.module.ts';
import { configSchema } from './config.ts';

/** The scheduler as data: what `main.ts` runs and tests start in their own process. */
export const service: ServiceOptions<typeof configSchema.shape> = {
  name: 'scheduler',
  config: configSchema,
  module: () => AppModule,
  migrations,
  rpcs: [
    personalData,
    ...[putSchedule, listSchedules, getSchedule, deleteSchedule, pauseSchedule, runSchedule, listScheduleRuns],
    ...[listTimers, getTimer, cancelTimer, moveTimer, stopEvent],
    ...[getRetention, setRetention, runRetention, getRetentionRun, listRetentionRuns, tendRetention],
    ...[listDigests, getDigest, cancelDigest, runDigest, traceDigests],
  ],
};
