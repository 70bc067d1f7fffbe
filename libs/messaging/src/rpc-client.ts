import { randomUUID } from 'node:crypto';
import { Problem, type ProblemDetails, type RpcContract } from '@carillon/contracts';
import type { Channel, ChannelModel, ConsumeMessage, Message } from 'amqplib';
import { defaults } from './defaults.ts';
import { BrokerUnavailable } from './errors.ts';
import type { Names } from './names.ts';
import { currentTraceparent } from './trace.ts';

/** https://www.rabbitmq.com/docs/direct-reply-to: answers come back without a queue of our own. */
const directReplyTo = 'amq.rabbitmq.reply-to';

export type RpcReply = { ok: unknown } | { problem: ProblemDetails };

export interface CallOptions {
  /** How long to wait for the answer; the question itself expires at the broker after the same time. */
  timeoutMs?: number;
}

interface Pending {
  service: string;
  resolve(answer: unknown): void;
  reject(error: Problem): void;
  timer: NodeJS.Timeout;
}

/** Asks other services and waits for their answers. Every failure is a Problem, ready to be shown. */
export class RpcClient {
  private channel?: Channel;
  private readonly pending = new Map<string, Pending>();

  constructor(private readonly names: Names) {}

  /** Gives the client its channel; to be called on every (re)connect. */
  async attach(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    channel.on('error', () => undefined); // 'close' follows
    channel.on('close', () => {
      if (this.channel !== channel) return;
      this.channel = undefined;
      for (const id of [...this.pending.keys()])
        this.fail(id, 'the connection to RabbitMQ was lost while waiting for an answer', true);
      this.attach(model).catch(() => undefined);
    });
    channel.on('return', ({ properties }: Message) => {
      const pending = this.pending.get(properties.correlationId as string);
      if (pending) this.fail(properties.correlationId as string, `${pending.service} has never been started`);
    });
    await channel.consume(directReplyTo, (message) => message && this.take(message), { noAck: true });
    this.channel = channel;
  }

  /**
   * Asks the service that the contract names.
   * @throws Problem what the service answered, or 503 when it could not be asked or did not answer in time
   */
  call<Request, Response>(
    contract: RpcContract<Request, Response>,
    request: NoInfer<Request>,
    { timeoutMs = defaults.rpcTimeoutMs }: CallOptions = {},
  ): Promise<Response> {
    const service = typeof contract.service === 'string' ? contract.service : contract.service(request);
    if (!this.channel) return Promise.reject(unavailable('RabbitMQ cannot be reached right now', true));
    if (this.pending.size >= defaults.maxPendingRpc) {
      return Promise.reject(Problem.unavailable('Too many requests wait for an answer; try again shortly.'));
    }
    const channel = this.channel;
    const id = randomUUID();
    const content = Buffer.from(JSON.stringify(request));
    return new Promise<Response>((resolve, reject) => {
      const timer = setTimeout(() => this.fail(id, `${service} did not answer within ${timeoutMs} ms`), timeoutMs);
      this.pending.set(id, { service, resolve: resolve as (answer: unknown) => void, reject, timer });
      try {
        channel.publish('', this.names.rpcQueue(service), content, {
          type: contract.name,
          correlationId: id,
          replyTo: directReplyTo,
          expiration: timeoutMs,
          mandatory: true,
          contentType: 'application/json',
          timestamp: Math.floor(Date.now() / 1000),
          headers: { traceparent: currentTraceparent() },
        });
      } catch {
        // The channel is closing and has not said so yet.
        this.fail(id, 'the connection to RabbitMQ is closing', true);
      }
    });
  }

  private take({ properties, content }: ConsumeMessage): void {
    const id = properties.correlationId as string;
    const pending = this.pending.get(id);
    if (!pending) return; // answered after its time limit
    this.forget(id, pending);
    const reply = JSON.parse(content.toString()) as RpcReply;
    if ('ok' in reply) pending.resolve(reply.ok);
    else pending.reject(new Problem(reply.problem));
  }

  private fail(id: string, detail: string, brokerAway = false): void {
    const pending = this.pending.get(id);
    if (!pending) return;
    this.forget(id, pending);
    pending.reject(unavailable(detail, brokerAway));
  }

  private forget(id: string, { timer }: Pending): void {
    clearTimeout(timer);
    this.pending.delete(id);
  }
}

/** @param brokerAway rather than the service that was asked: `isBrokerAway` tells */
function unavailable(detail: string, brokerAway: boolean): Problem {
  const problem = Problem.unavailable(`${detail}; try again shortly.`);
  if (brokerAway) problem.cause = new BrokerUnavailable(detail);
  return problem;
}
