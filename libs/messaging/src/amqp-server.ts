import { consumers, exchanges, rpcServices, type CloudEvent, type RpcContract } from '@carillon/contracts';
import { BaseRpcContext, Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { Connection } from './connection.ts';
import { Consumer } from './consumer.ts';
import { DeadLetters } from './dead-letters.ts';
import { defaults } from './defaults.ts';
import { Gate, type Dependency } from './gate.ts';
import { ItemRunner, type ItemHandler, type Origin } from './item-runner.ts';
import type { Messages, MessagingOptions } from './messages.ts';
import { RpcResponder, type Answerer } from './rpc-responder.ts';

export interface AmqpServerOptions extends MessagingOptions {
  messages: Messages;
  /** What handlers need besides the broker; while one is away, consumption pauses. */
  dependencies?: readonly Dependency[];
  /** The questions this service answers. */
  rpcs?: readonly RpcContract<any, any>[];
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
 * that the street gives this service, `@MessagePattern(rpc.name)` answers questions. A handler without a queue or a queue
 * without a handler stops the start.
 *
 * Shutdown: cancel the consumers → let running handlers finish and acknowledge → disconnect.
 */
export class AmqpServer extends Server implements CustomTransportStrategy {
  private readonly gate: Gate;
  private readonly connection: Connection;
  private consumers: Consumer[] = [];

  constructor(private readonly options: AmqpServerOptions) {
    super();
    this.gate = new Gate([options.messages.asDependency(), ...(options.dependencies ?? [])]);
    this.connection = new Connection(options.url, `${options.service} consumes`, async (model) => {
      for (const consumer of this.consumers) await consumer.attach(model);
    });
  }

  /** Called by Nest once all handlers are known. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      const answerers = this.answerers();
      const responder = new RpcResponder(answerers, this.gate);
      this.consumers = [...this.eventConsumers(), ...(answerers.size > 0 ? [this.rpcConsumer(responder)] : [])];
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
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
    await this.connection.close();
  }

  /** Why this service does not work right now, for readiness; undefined when all is well. */
  trouble(): string | undefined {
    const silent = this.consumers.find((consumer) => !consumer.isConsuming());
    const waitsFor = this.gate.waitsFor();
    return (
      this.options.messages.trouble() ??
      this.connection.trouble() ??
      (waitsFor && `${waitsFor} is away, consumers are paused`) ??
      (silent && `not consuming ${silent.queue}`)
    );
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
      const inHand = exchanges[contract.exchange].batch ? prefetch : prefetch * defaults.prefetchSingles;
      return messages.names.queues(service, contract).map(({ queue }) => {
        const runner = new ItemRunner(
          { queue, type: contract.open ? undefined : contract.type, handle },
          this.gate,
          deadLetters,
        );
        return new Consumer(queue, inHand, (message, alive) => runner.run(message, alive));
      });
    });
  }

  private rpcConsumer(responder: RpcResponder): Consumer {
    const queue = this.options.messages.names.rpcQueue(this.options.service);
    return new Consumer(queue, defaults.rpcPrefetch, (message) => responder.run(message));
  }

  private answerers(): Map<string, Answerer> {
    const { rpcs = [], service } = this.options;
    if (rpcs.length > 0 && !(rpcServices as readonly string[]).includes(service)) {
      throw new Error(`${service} answers questions but is not among rpcServices in libs/contracts`);
    }
    return new Map(
      rpcs.map((contract) => {
        const handler = this.handlerFor(contract.name);
        return [
          contract.name,
          { contract, answer: (request) => settled(handler(request, new AmqpContext([{} as Origin]))) },
        ];
      }),
    );
  }

  private itemHandler(pattern: string): ItemHandler {
    const handler = this.handlerFor(pattern);
    return (event: CloudEvent, origin: Origin) => settled(handler(event, new AmqpContext([origin])));
  }

  private handlerFor(pattern: string): MessageHandler {
    const handler = this.messageHandlers.get(pattern);
    if (!handler) throw new Error(`${this.options.service} has no handler for ${pattern}`);
    return handler;
  }

  private refuseUnknownPatterns(answerers: ReadonlyMap<string, Answerer>): void {
    const known = new Set([...(consumers[this.options.service] ?? []).map(({ type }) => type), ...answerers.keys()]);
    for (const pattern of this.messageHandlers.keys()) {
      if (!known.has(pattern)) throw new Error(`${this.options.service} handles ${pattern}, which nothing sends to it`);
    }
  }
}

/** Nest hands back a promise, a value, or an observable of either. */
async function settled(result: unknown): Promise<unknown> {
  const value = await result;
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : value;
}
