import { Child, program } from './child.ts';
import type { Scratch } from './scratch.ts';
import type { SinkAnswer, SinkCounts } from '../smtp-sink/counts.ts';
import type { Published, PublishOrder } from '../front-door/orders.ts';

/** What both sides share: the publisher and the SMTP sink. */
export class Rig {
  private constructor(
    private readonly publisher: Child,
    private readonly sink: Child,
    readonly smtpUrl: string,
  ) {}

  static async start(scratch: Scratch): Promise<Rig> {
    const env = { AMQP_URL: scratch.amqpUrl };
    const publisher = new Child({
      name: 'publisher',
      file: program('../front-door/publisher.main', import.meta.url),
      env,
    });
    const sink = new Child({ name: 'SMTP sink', file: program('../smtp-sink/sink.main', import.meta.url), env: {} });
    await publisher.next();
    const { port } = await sink.next<Extract<SinkAnswer, { port: number }>>();
    return new Rig(publisher, sink, `smtp://127.0.0.1:${port}`);
  }

  get children(): readonly Child[] {
    return [this.publisher, this.sink];
  }

  /** Resolves when the broker has confirmed every event. */
  publish(order: PublishOrder): Promise<Published> {
    return this.publisher.ask(order);
  }

  emails(): Promise<SinkCounts> {
    return this.sink.ask('count');
  }

  async forgetEmails(): Promise<void> {
    await this.sink.ask('reset');
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()));
  }
}
