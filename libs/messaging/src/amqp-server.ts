import { randomUUID } from 'node:crypto';
import {
  consumers,
  exchanges,
  listeners,
  rpcServices,
  type CloudEvent,
  type EventContract,
  type RpcContract,
} from '@carillon/contracts';
import { BaseRpcContext, Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { ChannelModel } from 'amqplib';
import { isObservable, lastValueFrom } from 'rxjs';
import { Connection } from './connection.ts';
import { Consumer, type Subscription } from './consumer.ts';
import { DeadLetters } from './dead-letters.ts';
import { defaults } from './defaults.ts';
import { Abandoned } from './errors.ts';
import { Gate, type Dependency } from './gate.ts';
import { ItemRunner, type ItemHandler, type Origin } from './item-runner.ts';
import type { Messages, MessagingOptions } from './messages.ts';
import { RpcResponder, type Answerer } from './rpc-responder.ts';
import { SignalRunner } from './signal-runner.ts';
import { declare, listenerTopology, queueTopology, streetTopology } from './topology.ts';

export interface AmqpServerOptions extends MessagingOptions {
  messages: Messages;
  /** What handlers need besides the broker; while one is away, consumption pauses. */
  dependencies?: readonly Dependency[];
  /** The questions this service answers. */
  rpcs?: readonly RpcContract<any, any>[];
  /** Wraps the work on each question, such as to say whose it is. */
  answering?: (question: unknown, answer: () => Promise<unknown>) => Promise<unknown>;
  /** Whether an item is nobody's any more; then it is done without its handler. */
  passesOver?: (event: CloudEvent) => boolean;
  /** Batches held unacknowledged per queue; default 10. */
  prefetch?: number;
}

/** What `@Ctx()` gives a handler. */
export class AmqpContext extends BaseRpcContext<[Origin]> {
  get origin(): Origin {
    return this.getArgByIndex(0);
  }
}

/**
 * The receiving half of a service, as a Nest transport: `@EventPattern(contract.type)` handles the items of the queues
 * that the street gives this service and the announcements it listens to, `@MessagePattern(rpc.name)` answers questions. A handler without a queue or a queue
 * without a handler stops the start.
 *
 * Shutdown: cancel the consumers → let running handlers finish and acknowledge → disconnect.
 */
export class AmqpServer extends Server implements CustomTransportStrategy {
  private readonly gate: Gate;
  private readonly connection: Connection;
  private consumers: Consumer[] = [];
  /** Of the consumers those of what must be heard before anything else. */
  private first: Consumer[] = [];
  private listeners: Consumer[] = [];

  constructor(private readonly options: AmqpServerOptions) {
    super();
    this.gate = new Gate([options.messages.asDependency(), ...(options.dependencies ?? [])]);
    this.connection = new Connection(options.url, `${options.service} consumes`, async (model) => {
      for (const listener of this.listeners) await listener.attach(model);
      this.tellConnected();
      for (const consumer of this.first) await consumer.attach(model);
      await Promise.all(this.first.map((consumer) => consumer.caughtUp(defaults.heardFirstMs)));
      for (const consumer of this.consumers) if (!this.first.includes(consumer)) await consumer.attach(model);
    });
  }

  /** Called by Nest once all handlers are known. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      const answerers = this.answerers();
      const responder = new RpcResponder(answerers, this.gate);
      this.consumers = [...this.eventConsumers(), ...(answerers.size > 0 ? [this.rpcConsumer(responder)] : [])];
      this.listeners = this.announcementListeners();
      this.refuseUnknownPatterns(answerers);
      await this.options.messages.open(responder);
      await this.connection.open();
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    this.gate.stop();
    await Promise.all([...this.listeners, ...this.consumers].map((consumer) => consumer.stop()));
    await this.connection.close();
  }

  /** Why this service does not work right now, for readiness; undefined when all is well. */
  trouble(): string | undefined {
    const silent = [...this.listeners, ...this.consumers].find((consumer) => !consumer.isConsuming());
    const waitsFor = this.gate.waitsFor();
    return (
      this.options.messages.trouble() ??
      this.connection.trouble() ??
      (waitsFor && `${waitsFor} is away, consumers are paused`) ??
      (silent && `not consuming ${silent.queue}`)
    );
  }

  /**
   * The queues whose oldest message has waited for long, with when it was published. A queue hands out its messages from its head, so
   * as long as somebody consumes it, its oldest message is in somebody's hand.
   *
   * @param now milliseconds since 1970
   */
  oldest(now = Date.now()): Record<string, string> {
    const waiting: Record<string, string> = {};
    for (const consumer of this.consumers) {
      const at = consumer.oldestAt();
      if (at !== undefined && now - at >= defaults.waitsLongMs) waiting[consumer.queue] = new Date(at).toISOString();
    }
    return waiting;
  }

  on(): void {}

  unwrap<T>(): T {
    return this.connection as T;
  }

  private eventConsumers(): Consumer[] {
    const { messages, service, prefetch = defaults.prefetch } = this.options;
    const deadLetters = new DeadLetters(messages.publisher, messages.names, messages.source);
    return (consumers[service] ?? []).flatMap((contract) => {
      const handle = this.itemHandler(contract.type);
      const asMany = exchanges[contract.exchange].batch > 1 ? prefetch : prefetch * defaults.prefetchSingles;
      const inHand = contract.inHand ?? asMany;
      return messages.names.queues(service, contract).map(({ queue }) => {
        const runner = new ItemRunner(
          {
            queue,
            type: contract.open ? undefined : contract.type,
            exchange: messages.names.exchange(contract.exchange),
            handle,
          },
          this.gate,
          deadLetters,
        );
        const consumer = this.consumer(queue, inHand, (message, alive) => runner.run(message, alive));
        if (contract.heardFirst) this.first.push(consumer);
        return consumer;
      });
    });
  }

  private announcementListeners(): Consumer[] {
    const { messages, service } = this.options;
    return (listeners[service] ?? []).map((contract) => {
      // Without the replica's part: it would make a metric of its own of every connect.
      const { queue } = messages.names.queues(service, contract)[0]!;
      return new Consumer({
        queue,
        ...this.hearing(queue, contract),
        // A fresh name each time: the broker may not have noticed yet that the former connection is gone.
        declare: async (connection, channel) => {
          const topology = listenerTopology(messages.names, service, contract, randomUUID());
          await declare(connection, topology);
          const { name } = topology.queues[0]!;
          const exchange = messages.names.exchange(contract.exchange);
          if (contract.perRecipient) await messages.recipientKeys.attach({ channel, queue: name, exchange });
          return name;
        },
        reattached: () => this.tellConnected(),
      });
    });
  }

  private hearing(
    queue: string,
    { type, perRecipient }: EventContract<unknown>,
  ): Pick<Subscription, 'prefetch' | 'work'> {
    const handle = this.itemHandler(type);
    if (perRecipient) {
      const signals = new SignalRunner(queue, type, handle);
      return { prefetch: 0, work: (message) => signals.run(message) };
    }
    const items = new ItemRunner({ queue, type, handle }, this.gate);
    return {
      prefetch: this.options.prefetch ?? defaults.prefetch,
      work: (message, alive) => items.run(message, alive),
    };
  }

  /** A consumer of a queue of the street, which it declares again should someone have deleted it. */
  private consumer(queue: string, prefetch: number, work: Subscription['work']): Consumer {
    const topology = queueTopology(streetTopology(this.options.messages.names), queue);
    const declared = async (connection: ChannelModel) => {
      await declare(connection, topology);
      return queue;
    };
    return new Consumer({ queue, prefetch, declare: declared, work });
  }

  private rpcConsumer(responder: RpcResponder): Consumer {
    const queue = this.options.messages.names.rpcQueue(this.options.service);
    return this.consumer(queue, defaults.rpcPrefetch, (message) => responder.run(message));
  }

  private tellConnected(): void {
    for (const hook of this.options.messages.connectedHooks) void this.runHook(hook);
  }

  /** Never rejects. */
  private async runHook(hook: () => unknown): Promise<void> {
    for (;;) {
      try {
        return void (await hook());
      } catch (error) {
        if (!this.gate.closesFor(error)) return this.logger.error(error);
      }
      try {
        await this.gate.passed();
      } catch (error) {
        if (error instanceof Abandoned) return;
        throw error;
      }
    }
  }

  private answerers(): Map<string, Answerer> {
    const { rpcs = [], service, answering = (_, answer) => answer() } = this.options;
    if (rpcs.length > 0 && !(rpcServices as readonly string[]).includes(service)) {
      throw new Error(`${service} answers questions but is not among rpcServices in libs/contracts`);
    }
    return new Map(
      rpcs.map((contract) => {
        const handler = this.handlerFor(contract.name);
        return [
          contract.name,
          {
            contract,
            answer: (request) => answering(request, () => settled(handler(request, new AmqpContext([{} as Origin])))),
          },
        ];
      }),
    );
  }

  private itemHandler(pattern: string): ItemHandler {
    const handler = this.handlerFor(pattern);
    const { passesOver } = this.options;
    return async (event: CloudEvent, origin: Origin) =>
      passesOver?.(event) ? undefined : settled(handler(event, new AmqpContext([origin])));
  }

  private handlerFor(pattern: string): MessageHandler {
    const handler = this.messageHandlers.get(pattern);
    if (!handler) throw new Error(`${this.options.service} has no handler for ${pattern}`);
    return handler;
  }

  private refuseUnknownPatterns(answerers: ReadonlyMap<string, Answerer>): void {
    const { service } = this.options;
    const heard = [...(consumers[service] ?? []), ...(listeners[service] ?? [])];
    const known = new Set([...heard.map(({ type }) => type), ...answerers.keys()]);
    for (const pattern of this.messageHandlers.keys()) {
      if (!known.has(pattern)) throw new Error(`${service} handles ${pattern}, which nothing sends to it`);
    }
  }
}

/** Nest hands back a promise, a value, or an observable of either. */
async function settled(result: unknown): Promise<unknown> {
  const value = await result;
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : value;
}
