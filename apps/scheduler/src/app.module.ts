import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Firing } from './firing/firing.ts';
import { Timers } from './firing/timers.ts';
import { SettingController } from './setting/setting.controller.ts';

@Module({
  imports: [ScheduleModule.forRoot()],
  controllers: [SettingController],
  providers: [Timers, Firing],
})
export class AppModule {}
