import { tendRetention } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { outsideRequests } from '@carillon/persistence';
import {
  Controller,
  Injectable,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { Repeating } from '../repeating.ts';
import type { RetentionPart } from './retention-parts.ts';
import { Tending } from './tending.ts';

const hourMs = 3_600_000;

/** Answers the scheduler, which knows the plan. */
@Controller()
class RetentionController {
  constructor(private readonly tending: Tending) {}

  @MessagePattern(tendRetention.name)
  tend(@Payload() request: RequestOf<typeof tendRetention>): Promise<ResponseOf<typeof tendRetention>> {
    // It removes the rows of all tenants, and from partitions, to which requests have no rights.
    return outsideRequests(() => this.tending.tend(request));
  }
}

/** Makes the partitions of the weeks to come, however seldom anything is removed. */
@Injectable()
export class Partitions implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Partitions.name);
  private readonly hourly = new Repeating(() => this.make(), hourMs);

  constructor(private readonly tending: Tending) {}

  /** Those that are needed now; then every hour. */
  async start(): Promise<void> {
    await this.tending.makePartitions();
    this.hourly.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.tending.stop();
    await this.hourly.stop();
  }

  /** Never rejects: what failed is tried again in an hour. */
  private async make(): Promise<void> {
    try {
      await this.tending.makePartitions();
    } catch (error) {
      this.logger.warn({ msg: 'partitions are made in an hour', error: (error as Error).message });
    }
  }
}

/** What a service removes, and when. */
export interface RetentionOptions {
  /** In the order in which they are removed. */
  readonly parts: readonly RetentionPart[];
  /** Of a service with tables in partitions, whose {@link Partitions} are started before the first message: so many weeks ahead. */
  readonly weeksAhead?: number;
}

/** Has a service remove what its days are over for, when the scheduler asks (`tendRetention` belongs into its `rpcs`). */
@Module({})
export class RetentionModule {
  static of({ parts, weeksAhead = 0 }: RetentionOptions): DynamicModule {
    return {
      module: RetentionModule,
      controllers: [RetentionController],
      providers: [
        {
          provide: Tending,
          useFactory: (db: DataSource, modules: ModuleRef) => new Tending(db, parts, weeksAhead, modules),
          inject: [DataSource, ModuleRef],
        },
        Partitions,
      ],
      exports: [Partitions],
    };
  }
}
