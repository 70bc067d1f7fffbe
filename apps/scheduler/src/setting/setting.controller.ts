import { timerSet, type CloudEvent, type TimerSet } from '@carillon/contracts';
import { batched, insertRows } from '@carillon/persistence';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { CancelledEvents } from '../cancelling/cancelled-events.ts';
import { Changing } from '../changing/changing.ts';
import { Forgetting } from '../erasure/forgetting.ts';
import { Firing } from '../firing/firing.ts';
import { untilDue } from '../firing/timers.ts';
import { newTimer, type NewTimer } from './new-timer.ts';

/** Keeps the timers that other services set. */
@Controller()
export class SettingController {
  private readonly insert: (timer: NewTimer) => Promise<true>;

  constructor(
    database: DataSource,
    firing: Firing,
    forgetting: Forgetting,
    changing: Changing,
    cancelled: CancelledEvents,
  ) {
    this.insert = batched(async (timers) => {
      const set = await insertRows<{ wait_ms: number }>(database, 'timers', timers, {
        onConflict: 'DO NOTHING',
        returning: untilDue,
      });
      await forgetting.recheck(timers);
      await changing.recheck(timers);
      await cancelled.recheck(timers);
      for (const { wait_ms } of set) firing.wakeIn(wait_ms);
      return timers.map(() => true as const);
    });
  }

  /** Setting the same timer again changes nothing, not even after it has fired. */
  @EventPattern<string>(timerSet.type)
  async onSet(@Payload() event: CloudEvent<TimerSet>): Promise<void> {
    await this.insert(newTimer(event, new Date()));
  }
}
