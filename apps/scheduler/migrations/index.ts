import { CreateTimers0001 } from './0001-create-timers.ts';
import { TimersByRecipient0002 } from './0002-timers-by-recipient.ts';

/** In order. */
export const migrations = [CreateTimers0001, TimersByRecipient0002];
