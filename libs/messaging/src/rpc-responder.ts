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

  /** Never rejects. A question without a return address can have no answer and is dropped. */
  async run({ content, properties }: ConsumeMessage): Promise<void> {
    const name = String(properties.type);
    if (!properties.replyTo) return this.logger.warn({ msg: 'question without a return address', rpc: name });
    const started = performance.now();
    const reply = await withTrace(properties.headers?.traceparent as string | undefined, () =>
      this.reply(name, content),
    );
    rpcSeconds.observe(
      { rpc: this.answerers.has(name) ? name : 'unknown', outcome: reply.outcome },
      (performance.now() - started) / 1000,
    );
    try {
      this.channel?.publish('', properties.replyTo as string, reply.content, {
        correlationId: properties.correlationId,
        contentType: 'application/json',
      });
    } catch (error) {
      // The channel is closing: the asker's time limit tells it.
      this.logger.warn({ msg: 'answer could not be sent', rpc: name, error: (error as Error).message });
    }
  }

  private async reply(name: string, question: Buffer): Promise<{ content: Buffer; outcome: string }> {
    try {
      const answerer = this.answerers.get(name);
      if (!answerer)
        throw new Problem({ status: 501, code: 'unknown_rpc', title: `This service does not answer ${name}` });
      const request = parseInput(answerer.contract.request, parseJson(question), 'request');
      return { content: encode({ ok: (await answerer.answer(request)) ?? null }), outcome: 'ok' };
    } catch (error) {
      const problem = this.problemOf(name, error);
      return { content: encode({ problem: problem.toJSON() }), outcome: problem.code };
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

function encode(reply: RpcReply): Buffer {
  return Buffer.from(JSON.stringify(reply));
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch (error) {
    throw new Problem({
      status: 400,
      code: 'invalid_request',
      title: 'The request is not JSON',
      detail: (error as Error).message,
    });
  }
}
