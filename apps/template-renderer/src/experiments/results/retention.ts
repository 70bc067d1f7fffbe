import { Repeating } from '@carillon/service';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Observations } from './observations.ts';

const hourMs = 3_600_000;
/** For so many days after the end of an experiment what recipients do still counts: nearly all who open a message do so before. */
const countedForDays = 30;

/** Counts experiments for good when nothing more is to come, and keeps their deliveries no longer. */
@Injectable()
export class Retention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Retention.name);
  private readonly hourly = new Repeating(() => this.keepHouse(), hourMs);
  private stopping = false;

  constructor(private readonly observations: Observations) {}

  onApplicationBootstrap(): void {
    this.hourly.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.hourly.stop();
  }

  /** Never rejects: what failed is tried again in an hour. */
  async keepHouse(): Promise<void> {
    try {
      await this.observations.countForGood(countedForDays);
      await this.observations.deleteCounted(() => this.stopping);
    } catch (error) {
      this.logger.warn({ msg: 'retention is tried again in an hour', error: (error as Error).message });
    }
  }
}
