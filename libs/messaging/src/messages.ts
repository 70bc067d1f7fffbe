import { setTimeout as sleep } from 'node:timers/promises';
import {
  exchanges,
  type CloudEvent,
  type EventContract,
  type ExchangeName,
  type RpcContract,
} from '@carillon/contracts';
import type { Channel } from 'amqplib';
import { closeChannel } from './close-channel.ts';
import { encodePacked } from './codec.ts';
import { Connection } from './connection.ts';
import { defaults } from './defaults.ts';
import { BrokerUnavailable } from './errors.ts';
import { bindForeign, type BindingResult, type BindingWish } from './foreign-bindings.ts';
import { Names, routingKeyOf } from './names.ts';
import { pack, packedOf } from './packed.ts';
import { Publisher, type Route } from './publisher.ts';
import { RecipientKeys } from './recipient-keys.ts';
import { RpcClient, type CallOptions } from './rpc-client.ts';
import type { RpcResponder } from './rpc-responder.ts';
import { declare, streetTopology } from './topology.ts';
import { currentTraceparent } from './trace.ts';

export interface MessagingOptions {
  /** amqp:// or amqps:// */
  url: string;
  /** First part of every AMQP name. */
  prefix: string;
  /** The service's name: first in its queues' names, and the `source` of what it publishes. */
  service: string;
  /** How long a publish may take before it fails; default 10 s. */
  confirmTimeoutMs?: number;
}

/** Attributes of a published event that are not the contract's. */
export interface EventAttributes {
  tenant?: string;
  /** Deterministic, so that a repeated publish carries the same id. */
  id: string;
  subject?: string;
  time?: string;
}

/** What waits in a queue; null where there is no such queue, because somebody has deleted it. */
export interface QueueDepth {
  queue: string;
  /** Messages, each up to a whole batch of items, that no consumer has in hand. */
  messages: number | null;
  consumers: number | null;
}

/** The sending half of a service: publishes events with confirms, asks questions. Inject it wherever something is sent. */
export class Messages {
  readonly names: Names;
  readonly publisher: Publisher;
  /** For the consuming half, which knows when to run them. */
  readonly connectedHooks: (() => unknown)[] = [];
  /** Whose signals this replica hears, where a contract is `perRecipient`. */
  readonly recipientKeys = new RecipientKeys();
  private readonly rpc: RpcClient;
  private readonly connection: Connection;
  private responder?: RpcResponder;

  constructor(private readonly options: MessagingOptions) {
    this.names = new Names(options.prefix);
    this.publisher = new Publisher({ confirmTimeoutMs: options.confirmTimeoutMs ?? 10_000 });
    this.rpc = new RpcClient(this.names);
    this.connection = new Connection(options.url, `${options.service} publishes`, async (model) => {
      await declare(model, streetTopology(this.names));
      await this.publisher.attach(model);
      await this.rpc.attach(model);
      await this.responder?.attach(model);
    });
  }

  /** CloudEvents `source` of everything this service publishes. */
  get source(): string {
    return `/carillon/${this.options.service}`;
  }

  /** Connects and declares the street; waits for the broker as long as it takes. */
  open(responder?: RpcResponder): Promise<void> {
    this.responder = responder;
    return this.connection.open();
  }

  /** Sends what is on its way, then disconnects. */
  async close(): Promise<void> {
    await this.publisher.close();
    await this.connection.close();
  }

  /** Why nothing can be published right now; undefined when all is well. */
  trouble(): string | undefined {
    return this.connection.trouble();
  }

  /**
   * Whether RabbitMQ itself answers a question. A connection may be dead for two heartbeats before anybody notices, and a service
   * that is silent looks the same.
   */
  async answers(withinMs: number): Promise<boolean> {
    const channel = this.connection.channel().then(
      (opened) => opened.close().then(() => true),
      () => false,
    );
    const timer = new AbortController();
    const silence = sleep(withinMs, false, { signal: timer.signal }).catch(() => false);
    return Promise.race([channel.catch(() => false), silence]).finally(() => timer.abort());
  }

  /**
   * Publishes data under its contract. Resolves when the broker has confirmed it.
   * @throws BrokerUnavailable, Unroutable
   */
  publish<T>(contract: EventContract<T>, data: T, attributes: EventAttributes): Promise<void> {
    const mandatory = exchanges[contract.exchange].mandatory && !contract.announcement;
    const event = this.eventOf(contract, data, attributes);
    const route = this.route(contract.exchange, routingKeyOf(contract, data), mandatory);
    return contract.bulk === undefined
      ? this.publisher.publish(route, event)
      : this.publishBulky(route, event as CloudEvent<object>, contract.bulk);
  }

  /** The event that {@link publish} publishes, for whoever keeps it and publishes it later. */
  eventOf<T>(contract: EventContract<T>, data: T, { id, tenant, subject, time }: EventAttributes): CloudEvent<T> {
    return {
      specversion: '1.0',
      id,
      source: this.source,
      type: contract.type,
      time: time ?? new Date().toISOString(),
      subject,
      tenant,
      traceparent: currentTraceparent(),
      data,
    };
  }

  /** Publishes a ready-made CloudEvent, for example one that a timer kept. */
  publishEvent(exchange: ExchangeName, routingKey: string, event: CloudEvent): Promise<void> {
    return this.publisher.publish(this.route(exchange, routingKey, exchanges[exchange].mandatory), event);
  }

  /**
   * Publishes to an exchange of somebody else's, as an AMQP message of its own.
   * @throws Unroutable when no queue takes it, BrokerUnavailable, or the broker's refusal, such as of an exchange that does not exist
   */
  publishForeign(exchange: string, routingKey: string, event: CloudEvent): Promise<void> {
    return this.publisher.publish({ exchange, routingKey, batch: 1, mandatory: true }, event);
  }

  /** Asks a service. @throws Problem, always ready to be shown */
  call<Request, Response>(
    contract: RpcContract<Request, Response>,
    request: NoInfer<Request>,
    options?: CallOptions,
  ): Promise<Response> {
    return this.rpc.call(contract, request, options);
  }

  /** How many messages wait for a service, besides those that it has in hand. @throws BrokerUnavailable */
  async waitingFor(service: string, contract: EventContract<any>): Promise<number> {
    const channel = await this.connection.channel();
    channel.on('error', () => undefined); // the question rejects
    try {
      const queues = this.names.queues(service, contract);
      const counts = await Promise.all(queues.map(({ queue }) => channel.checkQueue(queue)));
      return counts.reduce((sum, { messageCount }) => sum + messageCount, 0);
    } catch (error) {
      throw new BrokerUnavailable((error as Error).message);
    } finally {
      await closeChannel(channel);
    }
  }

  /** All queues of the street with what waits in them. @throws BrokerUnavailable */
  async queueDepths(): Promise<QueueDepth[]> {
    const depths: QueueDepth[] = [];
    let channel: Channel | undefined;
    try {
      for (const { name } of streetTopology(this.names).queues) {
        if (!channel) {
          channel = await this.connection.channel();
          channel.on('error', () => undefined); // the question rejects
        }
        try {
          const { messageCount, consumerCount } = await channel.checkQueue(name);
          depths.push({ queue: name, messages: messageCount, consumers: consumerCount });
        } catch (error) {
          channel = undefined; // whatever the broker refuses costs the channel
          if ((error as { code?: number }).code !== 404) throw error;
          depths.push({ queue: name, messages: null, consumers: null });
        }
      }
      return depths;
    } catch (error) {
      throw new BrokerUnavailable((error as Error).message);
    } finally {
      if (channel) await closeChannel(channel);
    }
  }

  /** Binds and unbinds a queue of this installation. @throws BrokerUnavailable */
  bindForeign(wish: BindingWish): Promise<BindingResult[]> {
    return bindForeign(() => this.connection.channel(), wish);
  }

  /**
   * Fills, or fills no longer, a queue of this service whose contract is `onDemand`.
   *
   * @param keys routing keys; those that are bound already, or not bound, stay so
   * @throws BrokerUnavailable
   */
  async bindOnDemand(
    contract: EventContract<any>,
    { bind, unbind }: { bind: readonly string[]; unbind: readonly string[] },
  ): Promise<void> {
    const { queue } = this.names.queues(this.options.service, contract)[0]!;
    const exchange = this.names.exchange(contract.exchange);
    const results = await this.bindForeign({ queue, exchange, bind, unbind });
    const refused = results.find((result) => 'error' in result);
    if (refused) throw new BrokerUnavailable(refused.error);
  }

  /**
   * Runs the hook on every connect of the consuming half, the first included, once announcements are heard: whatever was
   * announced before may have been missed, so this is where to read anew what is remembered. Where a listener alone was lost, it
   * runs too. It may run twice. When it fails because a dependency is away it runs again; any other failure is logged.
   */
  onConnected(hook: () => unknown): void {
    this.connectedHooks.push(hook);
  }

  /** The broker as a dependency of consumers: while it is away, items wait. */
  asDependency() {
    return {
      name: 'RabbitMQ',
      isAway: (error: unknown) => error instanceof BrokerUnavailable,
      ping: async () => {
        const trouble = this.trouble();
        if (trouble) throw new BrokerUnavailable(trouble);
      },
    };
  }

  /** Packed where it came so or is large; most are neither. */
  private publishBulky(route: Route, event: CloudEvent<object>, bulk: string): Promise<void> {
    const came = packedOf(event.data);
    const json = came ? '' : JSON.stringify(event);
    const packed = json.length > defaults.largeBytes ? pack(event.data, bulk) : came;
    const encoded = packed && encodePacked(event, packed);
    if (!encoded) return this.publisher.publishRaw(route, json || JSON.stringify(event));
    return this.publisher.publishRaw({ ...route, batch: 1, properties: encoded.properties }, encoded.content);
  }

  private route(exchange: ExchangeName, routingKey: string, mandatory: boolean): Route {
    return { exchange: this.names.exchange(exchange), routingKey, batch: exchanges[exchange].batch, mandatory };
  }
}
