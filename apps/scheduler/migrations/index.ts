import { CreateTimers0001 } from './0001-create-timers.ts';
import { TimersByRecipient0002 } from './0002-timers-by-recipient.ts';
import { Schedules0003 } from './0003-schedules.ts';
import { TimersByKey0004 } from './0004-timers-by-key.ts';
import { Digests0005 } from './0005-digests.ts';
import { EndedTimers0006 } from './0006-ended-timers.ts';
import { CancelledEvents0007 } from './0007-cancelled-events.ts';
import { Retention0008 } from './0008-retention.ts';
import { ItemsOfEvents0009 } from './0009-items-of-events.ts';
import { UrgentTimers0010 } from './0010-urgent-timers.ts';

/** In order. */
export const migrations = [
  CreateTimers0001,
  TimersByRecipient0002,
  Schedules0003,
  TimersByKey0004,
  Digests0005,
  EndedTimers0006,
  CancelledEvents0007,
  Retention0008,
  ItemsOfEvents0009,
  UrgentTimers0010,
];
