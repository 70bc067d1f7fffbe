import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ErasureController } from './erasure/erasure.controller.ts';
import { Forgetting } from './erasure/forgetting.ts';
import { Firing } from './firing/firing.ts';
import { Timers } from './firing/timers.ts';
import { PersonalDataController } from './personal-data/personal-data.controller.ts';
import { SettingController } from './setting/setting.controller.ts';

@Module({
  imports: [ScheduleModule.forRoot()],
  controllers: [SettingController, ErasureController, PersonalDataController],
  providers: [Timers, Firing, Forgetting],
})
export class AppModule {}
