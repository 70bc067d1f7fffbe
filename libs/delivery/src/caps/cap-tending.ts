import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Repeating } from '@carillon/service';
import { CapStore } from './cap-store.ts';

/** Removes the counts of times that are over. */
@Injectable()
export class CapTending implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('caps');
  private readonly repeating = new Repeating(
    () =>
      this.store.forgetEnded().catch((error: Error) => {
        this.logger.warn({ msg: 'old counts are still there', error: error.message });
      }),
    3_600_000,
  );

  constructor(private readonly store: CapStore) {}

  onApplicationBootstrap(): void {
    this.repeating.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.repeating.stop();
  }
}
