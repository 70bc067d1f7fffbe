import { Module, type DynamicModule } from '@nestjs/common';
import {
  cancelDelivery,
  checkProvider,
  deleteProvider,
  deliveryStats,
  getCaps,
  getDelivery,
  getWebhookKey,
  getProvider,
  listDeliveries,
  listProviders,
  personalData,
  putCaps,
  putProvider,
  retryDeliveries,
  retryDelivery,
  stopEvent,
  tendRetention,
  traceDeliveries,
  type RpcContract,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { prepared } from '@carillon/persistence';
import { CONFIG, OutboundGuard, RetentionModule, SecretBox, secretBox, type CommonConfig } from '@carillon/service';
import { DataSource } from 'typeorm';
import { Admissions } from './admission/admissions.ts';
import { Suspension } from './admission/suspension.ts';
import { CancelledEvents } from './cancelling/cancelled-events.ts';
import { CancellingController } from './cancelling/cancelling.controller.ts';
import { CapDesk } from './caps/cap-desk.ts';
import { CapStore } from './caps/cap-store.ts';
import { CapTending } from './caps/cap-tending.ts';
import type { DeliveryConfig } from './config.ts';
import type { DeliveryOptions } from './delivery-options.ts';
import { ErasureController } from './erasure/erasure.controller.ts';
import { DeliveriesController } from './log/deliveries.controller.ts';
import { DeliveryLog } from './log/delivery-log.ts';
import { Announcer } from './outcomes/announcer.ts';
import { PersonalDataController } from './personal-data/personal-data.controller.ts';
import { BreakerBoard } from './providers/breaker-board.ts';
import { ProviderDesk } from './providers/provider-desk.ts';
import { ProviderDirectory } from './providers/provider-directory.ts';
import { ProviderStore } from './providers/provider-store.ts';
import { ProvidersController } from './providers/providers.controller.ts';
import { retained, weeksAhead } from './retention/retained.ts';
import { ReceiptStore } from './receipts/receipt-store.ts';
import { receiptsControllerOf } from './receipts/receipts.controller.ts';
import { Receipts } from './receipts/receipts.ts';
import { WebhookKeysController } from './receipts/webhook-keys.controller.ts';
import { RetryLoop } from './retry/retry-loop.ts';
import { Sender } from './sending/sender.ts';
import { UnderWay } from './sending/under-way.ts';
import { DeliveryStore } from './store/delivery-store.ts';
import { SuppressedAddresses } from './suppressions/suppressed-addresses.ts';

/** The questions that a sender answers. */
export const deliveryRpcs: readonly RpcContract<any, any>[] = [
  listDeliveries,
  getDelivery,
  getWebhookKey,
  traceDeliveries,
  retryDelivery,
  retryDeliveries,
  cancelDelivery,
  deliveryStats,
  personalData,
  stopEvent,
  tendRetention,
  listProviders,
  getProvider,
  putProvider,
  deleteProvider,
  checkProvider,
  getCaps,
  putCaps,
];

/** Everything that senders share; gives {@link Sender} to the sender's own controller. */
@Module({})
export class DeliveryModule {
  static register<Content>(options: DeliveryOptions<Content>): DynamicModule {
    const { channel, providers: installation, kinds = {}, caps = {}, sendTimeoutMs, leaseMarginSeconds = 30 } = options;
    const underWay = new UnderWay();
    const storeOptions = { leaseSeconds: sendTimeoutMs / 1000 + leaseMarginSeconds, gather: underWay.gather };
    return {
      module: DeliveryModule,
      imports: [RetentionModule.of({ parts: retained, weeksAhead })],
      controllers: [
        DeliveriesController,
        ErasureController,
        CancellingController,
        PersonalDataController,
        ProvidersController,
        receiptsControllerOf(channel),
        WebhookKeysController,
      ],
      providers: [
        {
          provide: SecretBox,
          useFactory: (config: DeliveryConfig & CommonConfig) => secretBox(config),
          inject: [CONFIG],
        },
        {
          provide: OutboundGuard,
          useFactory: (config: DeliveryConfig) => new OutboundGuard(config.ALLOW_PRIVATE_URLS),
          inject: [CONFIG],
        },
        { provide: ProviderStore, useFactory: (db: DataSource) => new ProviderStore(db), inject: [DataSource] },
        { provide: CapStore, useFactory: (db: DataSource) => new CapStore(prepared(db)), inject: [DataSource] },
        {
          provide: BreakerBoard,
          useFactory: (db: DataSource) => new BreakerBoard(prepared(db), channel),
          inject: [DataSource],
        },
        {
          provide: ProviderDirectory,
          useFactory: (
            store: ProviderStore,
            capStore: CapStore,
            board: BreakerBoard,
            box: SecretBox,
            guard: OutboundGuard,
            db: DataSource,
          ) =>
            new ProviderDirectory<Content>(
              { ...options, installation, kinds, installationCaps: caps },
              store,
              capStore,
              board,
              box,
              guard,
              prepared(db),
            ),
          inject: [ProviderStore, CapStore, BreakerBoard, SecretBox, OutboundGuard, DataSource],
        },
        {
          provide: Admissions,
          useFactory: (directory: ProviderDirectory<Content>, capStore: CapStore, suspension: Suspension) =>
            new Admissions<Content>(directory, capStore, suspension, channel),
          inject: [ProviderDirectory, CapStore, Suspension],
        },
        Suspension,
        {
          provide: ProviderDesk,
          useFactory: (
            store: ProviderStore,
            directory: ProviderDirectory<Content>,
            board: BreakerBoard,
            box: SecretBox,
            messages: Messages,
          ) => new ProviderDesk<Content>(channel, kinds, store, directory, board, box, messages),
          inject: [ProviderStore, ProviderDirectory, BreakerBoard, SecretBox, Messages],
        },
        {
          provide: CapDesk,
          useFactory: (capStore: CapStore, directory: ProviderDirectory, messages: Messages) =>
            new CapDesk(channel, caps, capStore, directory, messages),
          inject: [CapStore, ProviderDirectory, Messages],
        },
        CapTending,
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
        {
          provide: CancelledEvents,
          useFactory: (db: DataSource) => new CancelledEvents(db, channel),
          inject: [DataSource],
        },
        { provide: DeliveryLog, useFactory: (db: DataSource) => new DeliveryLog(db, channel), inject: [DataSource] },
        {
          provide: Sender,
          useFactory: (
            store: DeliveryStore<Content>,
            admissions: Admissions<Content>,
            directory: ProviderDirectory<Content>,
            announcer: Announcer,
          ) => new Sender<Content>(options, store, admissions, directory, announcer, underWay),
          inject: [DeliveryStore, Admissions, ProviderDirectory, Announcer],
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
      ],
      exports: [Sender, ProviderDirectory],
    };
  }
}
