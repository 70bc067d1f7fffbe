import { Module, type DynamicModule } from '@nestjs/common';
import {
  cancelDelivery,
  deliveryStats,
  getDelivery,
  listDeliveries,
  personalData,
  retryDeliveries,
  retryDelivery,
  traceDeliveries,
  type RpcContract,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { prepared } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { DeliveryOptions } from './delivery-options.ts';
import { ErasureController } from './erasure/erasure.controller.ts';
import { DeliveriesController } from './log/deliveries.controller.ts';
import { DeliveryLog } from './log/delivery-log.ts';
import { Announcer } from './outcomes/announcer.ts';
import { PersonalDataController } from './personal-data/personal-data.controller.ts';
import { Slots } from './provider/slots.ts';
import { ReceiptStore } from './receipts/receipt-store.ts';
import { receiptsControllerOf } from './receipts/receipts.controller.ts';
import { Receipts } from './receipts/receipts.ts';
import { Retention } from './retention/retention.ts';
import { RetryLoop } from './retry/retry-loop.ts';
import { Sender } from './sending/sender.ts';
import { DeliveryStore } from './store/delivery-store.ts';
import { SuppressedAddresses } from './suppressions/suppressed-addresses.ts';

/** The questions that a sender answers. */
export const deliveryRpcs: readonly RpcContract<any, any>[] = [
  listDeliveries,
  getDelivery,
  traceDeliveries,
  retryDelivery,
  retryDeliveries,
  cancelDelivery,
  deliveryStats,
  personalData,
];

/** Everything that senders share; gives {@link Sender} to the sender's own controller. */
@Module({})
export class DeliveryModule {
  static register<Content>(options: DeliveryOptions<Content>): DynamicModule {
    const { channel, provider, concurrency, sendTimeoutMs, leaseMarginSeconds = 30 } = options;
    const storeOptions = { provider: provider.name, leaseSeconds: sendTimeoutMs / 1000 + leaseMarginSeconds };
    return {
      module: DeliveryModule,
      controllers: [DeliveriesController, ErasureController, PersonalDataController, receiptsControllerOf(channel)],
      providers: [
        { provide: Slots, useValue: new Slots(concurrency) },
        {
          provide: Announcer,
          useFactory: (messages: Messages) => new Announcer(messages, channel),
          inject: [Messages],
        },
        {
          provide: DeliveryStore,
          useFactory: (db: DataSource) => new DeliveryStore<Content>(prepared(db), storeOptions),
          inject: [DataSource],
        },
        { provide: DeliveryLog, useFactory: (db: DataSource) => new DeliveryLog(db, channel), inject: [DataSource] },
        {
          provide: Sender,
          useFactory: (store: DeliveryStore<Content>, slots: Slots, announcer: Announcer) =>
            new Sender<Content>(options, store, slots, announcer),
          inject: [DeliveryStore, Slots, Announcer],
        },
        { provide: ReceiptStore, useFactory: (db: DataSource) => new ReceiptStore(db), inject: [DataSource] },
        {
          provide: Receipts,
          useFactory: (store: ReceiptStore, announcer: Announcer, messages: Messages) =>
            new Receipts(store, announcer, messages, channel),
          inject: [ReceiptStore, Announcer, Messages],
        },
        {
          provide: SuppressedAddresses,
          useFactory: (db: DataSource) => new SuppressedAddresses(db),
          inject: [DataSource],
        },
        RetryLoop,
        Retention,
      ],
      exports: [Sender],
    };
  }
}
