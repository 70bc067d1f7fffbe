import { RetentionModule } from '@carillon/service';
import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { CancelledEvents } from './cancelling/cancelled-events.ts';
import { CancellingController } from './cancelling/cancelling.controller.ts';
import { Changing } from './changing/changing.ts';
import { ChangingController } from './changing/changing.controller.ts';
import { Arriving } from './digests/arriving.ts';
import { Closing } from './digests/closing.ts';
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
import { retained } from './retention/retained.ts';
import { RetentionController } from './retention/retention.controller.ts';
import { RetentionRuns } from './retention/retention-runs.ts';
import { Planning } from './schedules/planning.ts';
import { SchedulesController } from './schedules/schedules.controller.ts';
import { SettingController } from './setting/setting.controller.ts';

@Module({
  imports: [ScheduleModule.forRoot(), RetentionModule.of({ parts: retained })],
  controllers: [
    SettingController,
    ErasureController,
    PersonalDataController,
    ChangingController,
    CancellingController,
    SchedulesController,
    TimersController,
    RetentionController,
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
    RetentionRuns,
    Arriving,
    Closing,
    Waking,
    Reading,
  ],
})
export class AppModule {}
