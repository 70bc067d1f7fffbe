import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { CancelledEvents } from './cancelling/cancelled-events.ts';
import { CancellingController } from './cancelling/cancelling.controller.ts';
import { Changing } from './changing/changing.ts';
import { KeyRetention } from './changing/key-retention.ts';
import { ChangingController } from './changing/changing.controller.ts';
import { Arriving } from './digests/arriving.ts';
import { Closing } from './digests/closing.ts';
import { DigestRetention } from './digests/digest-retention.ts';
import { DigestsController } from './digests/digests.controller.ts';
import { PendingDigestsController } from './digests/pending-digests.controller.ts';
import { Reading } from './digests/reading.ts';
import { Waking } from './digests/waking.ts';
import { ErasureController } from './erasure/erasure.controller.ts';
import { Forgetting } from './erasure/forgetting.ts';
import { Firing } from './firing/firing.ts';
import { Timers } from './firing/timers.ts';
import { PersonalDataController } from './personal-data/personal-data.controller.ts';
import { TimersController } from './pending/timers.controller.ts';
import { Planning } from './schedules/planning.ts';
import { SchedulesController } from './schedules/schedules.controller.ts';
import { SettingController } from './setting/setting.controller.ts';

@Module({
  imports: [ScheduleModule.forRoot()],
  controllers: [
    SettingController,
    ErasureController,
    PersonalDataController,
    ChangingController,
    CancellingController,
    SchedulesController,
    TimersController,
    DigestsController,
    PendingDigestsController,
  ],
  providers: [
    Timers,
    Firing,
    Forgetting,
    Planning,
    Changing,
    CancelledEvents,
    KeyRetention,
    Arriving,
    Closing,
    Waking,
    Reading,
    DigestRetention,
  ],
})
export class AppModule {}
