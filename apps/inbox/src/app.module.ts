import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ErasureController } from './erasure/erasure.controller.ts';
import { Marking } from './marking/marking.ts';
import { MarkingController } from './marking/marking.controller.ts';
import { ReadOutcomes } from './marking/read-outcomes.ts';
import { NotificationRow } from './notification-row.ts';
import { PersonalDataController } from './personal-data/personal-data.controller.ts';
import { Inbox } from './reading/inbox.ts';
import { ReadingController } from './reading/reading.controller.ts';
import { StoringController } from './storing/storing.controller.ts';

@Module({
  imports: [TypeOrmModule.forFeature([NotificationRow])],
  controllers: [StoringController, ReadingController, MarkingController, ErasureController, PersonalDataController],
  providers: [Inbox, Marking, ReadOutcomes],
})
export class AppModule {}
