import { randomInt } from 'node:crypto';
import { Controller, Module, type DynamicModule } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  deliveryOutcomes,
  freshId,
  smsRendered,
  type CloudEvent,
  type DeliveryChanged,
  type SmsRendered,
} from '@carillon/contracts';
import { Partitions, type ServiceOptions } from '@carillon/service';
import { startTestService, until, type TestBroker, type TestDatabase, type TestService } from '@carillon/testing';
import {
  deliveryConfig,
  deliveryMigrations,
  deliveryOf,
  DeliveryModule,
  deliveryRpcs,
  Sender,
  type DeliveryOptions,
} from '../src/index.ts';
import { ScriptedProvider, type SmsText } from './scripted-provider.ts';

@Controller()
class RenderedController {
  constructor(private readonly sender: Sender<SmsText>) {}

  @EventPattern<string>(smsRendered.type)
  async onRendered(@Payload() event: CloudEvent<SmsRendered>): Promise<void> {
    await this.sender.send(deliveryOf(event, { address: event.data.to, name: null }, { text: event.data.text }));
  }
}

function serviceWith(options: DeliveryOptions<SmsText>): ServiceOptions<typeof deliveryConfig.shape> {
  @Module({})
  class AppModule {
    static register(): DynamicModule {
      return { module: AppModule, imports: [DeliveryModule.register(options)], controllers: [RenderedController] };
    }
  }
  return {
    name: 'sms-sender',
    config: deliveryConfig,
    module: () => AppModule.register(),
    migrations: deliveryMigrations,
    prepare: (app) => app.get(Partitions).start(),
    rpcs: deliveryRpcs,
  };
}

/** A phone number that no other test uses. */
export const someNumber = (): string => `+2547${randomInt(1e7, 1e8)}`;

/** A rendered item with ids of its own. */
export function renderedFor(to: string, changes: Partial<SmsRendered> = {}): SmsRendered {
  return { ...smsRendered.example, delivery_id: freshId(), notification_id: freshId(), to, ...changes };
}

/** A delivery as stored. */
export interface StoredDelivery {
  status: string;
  failure: string | null;
  error: string | null;
  attempts: number;
  provider_message_id: string | null;
  next_attempt_at: Date | null;
  lease_until: Date | null;
  sent_at: Date | null;
  updated_at: Date;
}

/** A whole sender with a scripted provider, on a real broker and database. */
export class SenderUnderTest {
  private constructor(
    readonly provider: ScriptedProvider,
    readonly service: TestService,
    readonly told: CloudEvent<DeliveryChanged>[],
  ) {}

  static async start(
    changes: Partial<DeliveryOptions<SmsText>> = {},
    shared: { database?: TestDatabase; broker?: TestBroker; env?: Record<string, string> } = {},
  ): Promise<SenderUnderTest> {
    const provider = new ScriptedProvider('scripted');
    const options: DeliveryOptions<SmsText> = {
      channel: 'sms',
      providers: [{ kind: 'scripted', provider }],
      uncertain: () => 'stop',
      retry: () => ({ delaysSeconds: [0.05, 0.05, 0.05], jitter: 0 }),
      sendTimeoutMs: 2_000,
      concurrency: 8,
      ...changes,
    };
    const told: CloudEvent<DeliveryChanged>[] = [];
    // Before it starts, where there is a broker: what is due is taken a second later, however long listening takes to begin.
    if (shared.broker) await hear(shared.broker, told);
    const service = await startTestService(serviceWith(options), shared.env, shared);
    if (!shared.broker) await hear(service.broker, told);
    return new SenderUnderTest(provider, service, told);
  }

  /** Puts rendered items on the street. */
  async publish(...items: SmsRendered[]): Promise<void> {
    await Promise.all(
      items.map((item) => this.service.messages.publish(smsRendered, item, { id: item.delivery_id, tenant: 'school' })),
    );
  }

  async stored(id: string): Promise<StoredDelivery> {
    const [row] = await this.service.database.query<StoredDelivery & Record<string, unknown>>(
      'SELECT * FROM sms_sender.deliveries WHERE id = $1',
      [id],
    );
    if (!row) throw new Error(`delivery ${id} is not stored`);
    return row;
  }

  /** Outcomes of the attempts, in order. */
  async attempts(id: string): Promise<string[]> {
    const rows = await this.service.database.query<{ outcome: string }>(
      'SELECT outcome FROM sms_sender.attempts WHERE delivery_id = $1 ORDER BY number',
      [id],
    );
    return rows.map(({ outcome }) => outcome);
  }

  /** Waits until the delivery is in the state. */
  reaches(id: string, status: string): Promise<StoredDelivery> {
    return until(`delivery is ${status}`, async () => {
      const row = await this.stored(id);
      if (row.status !== status) throw new Error(`it is ${row.status}`);
      return row;
    });
  }

  /** What was published about a delivery: `sent`, `retrying`, … in order. */
  toldOf(id: string): string[] {
    return this.eventsOf(id).map(({ type }) => type.split('.')[2]!);
  }

  eventsOf(id: string): CloudEvent<DeliveryChanged>[] {
    return this.told.filter(({ data }) => data.delivery_id === id);
  }

  /** Waits until exactly these outcomes were published. */
  async tells(id: string, ...outcomes: string[]): Promise<void> {
    await until(`told: ${outcomes.join(', ')}`, () => {
      const told = this.toldOf(id);
      if (told.join() !== outcomes.join()) throw new Error(`told ${told.join() || 'nothing'}`);
      return true;
    });
  }

  close(): Promise<void> {
    return this.service.close();
  }
}

/** Collects all outcomes. */
async function hear(broker: TestBroker, told: CloudEvent<DeliveryChanged>[]): Promise<void> {
  await Promise.all(
    Object.values(deliveryOutcomes).map(async (contract) => {
      const events = await broker.capture(contract);
      events.push = (...more) => told.push(...more);
    }),
  );
}
