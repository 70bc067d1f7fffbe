import {
  cancelDigest,
  cancelTimer,
  deleteSchedule,
  getDigest,
  getSchedule,
  getTimer,
  listDigests,
  listScheduleRuns,
  listSchedules,
  listTimers,
  moveTimer,
  pauseSchedule,
  personalData,
  putSchedule,
  runDigest,
  runSchedule,
  stopEvent,
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
    ...[listDigests, getDigest, cancelDigest, runDigest, traceDigests],
  ],
};
