import { Logger } from '@nestjs/common';
import { parseInput, Problem, type RpcContract } from '@carillon/contracts';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Gate } from './gate.ts';
import { rpcSeconds } from './metrics.ts';
import type { RpcReply } from './rpc-client.ts';
import { withTrace } from './trace.ts';

export interface Answerer {
  contract: RpcContract<any, any>;
  answer(request: unknown): Promise<unknown>;
}

/** Answers questions: parses each against its contract and replies with the answer or with a Problem, never with silence. */
export class RpcResponder {
  private readonly logger = new Logger(RpcResponder.name);
  private channel?: Channel;

  constructor(
    private readonly answerers: ReadonlyMap<string, Answerer>,
    private readonly gate: Gate,
  ) {}

  /** Replies travel on the publishing connection; a reply whose asker is gone is dropped by the broker. */
  async attach(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    channel.on('error', (error: Error) => this.logger.warn(error.message));
    channel.on('close', () => {
      if (this.channel !== channel) return;
      this.channel = undefined;
      this.attach(model).catch(() => undefined);
    });
    this.channel = channel;
  }

  /** Never rejects. */
  async run({ content, properties }: ConsumeMessage): Promise<void> {
    const name = String(properties.type);
    const started = performance.now();
    const reply = await withTrace(properties.headers?.traceparent as string | undefined, () =>
      this.reply(name, content),
    );
    const outcome = 'ok' in reply ? 'ok' : reply.problem.code;
    rpcSeconds.observe(
      { rpc: this.answerers.has(name) ? name : 'unknown', outcome },
      (performance.now() - started) / 1000,
    );
    this.channel?.publish('', properties.replyTo as string, Buffer.from(JSON.stringify(reply)), {
      correlationId: properties.correlationId,
      contentType: 'application/json',
    });
  }

  private async reply(name: string, content: Buffer): Promise<RpcReply> {
    try {
      const answerer = this.answerers.get(name);
      if (!answerer)
        throw new Problem({ status: 501, code: 'unknown_rpc', title: `This service does not answer ${name}` });
      const request = parseInput(answerer.contract.request, JSON.parse(content.toString()), 'request');
      return { ok: (await answerer.answer(request)) ?? null };
    } catch (error) {
      return { problem: this.problemOf(name, error).toJSON() };
    }
  }

  private problemOf(name: string, error: unknown): Problem {
    if (error instanceof Problem) return error;
    this.logger.error({ msg: 'question failed', rpc: name, err: error });
    if (this.gate.closesFor(error))
      return Problem.unavailable(`${this.gate.waitsFor() ?? 'A dependency'} cannot be reached right now.`);
    return new Problem({ status: 500, code: 'internal_error', title: 'Something went wrong on our side' });
  }
}
