import { CreateTimers0001 } from './0001-create-timers.ts';

/** In order. */
export const migrations = [CreateTimers0001];
