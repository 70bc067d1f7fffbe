import { RetentionModule } from '@carillon/service';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CancelledEvents } from './cancelling/cancelled-events.ts';
import { CancellingController } from './cancelling/cancelling.controller.ts';
import { ErasureController } from './erasure/erasure.controller.ts';
import { Changing } from './changing/changing.ts';
import { ChangingController } from './changing/changing.controller.ts';
import { Deleting } from './changing/deleting.ts';
import { ReadOutcomes } from './changing/read-outcomes.ts';
import { NotificationRow } from './notification-row.ts';
import { PersonalDataController } from './personal-data/personal-data.controller.ts';
import { Inbox } from './reading/inbox.ts';
import { ReadingController } from './reading/reading.controller.ts';
import { retained } from './retention/retained.ts';
import { Returns } from './returning/returns.ts';
import { Signals } from './signals/signals.ts';
import { WatchingController } from './signals/watching.controller.ts';
import { Joining } from './storing/joining.ts';
import { Storing } from './storing/storing.ts';
import { Telling } from './storing/telling.ts';
import { StoringController } from './storing/storing.controller.ts';

@Module({
  imports: [TypeOrmModule.forFeature([NotificationRow]), RetentionModule.of({ parts: retained })],
  controllers: [
    StoringController,
    ReadingController,
    ChangingController,
    ErasureController,
    CancellingController,
    PersonalDataController,
    WatchingController,
  ],
  providers: [Inbox, Changing, Deleting, ReadOutcomes, Signals, Storing, Joining, Telling, Returns, CancelledEvents],
})
export class AppModule {}
