import { Logger } from '@nestjs/common';
import { connect, type Channel, type ChannelModel, type RecoveringChannelModel } from 'amqplib';
import { defaults } from './defaults.ts';
import { BrokerUnavailable } from './errors.ts';
import { brokerBlocked, brokerConnected } from './metrics.ts';

/**
 * One AMQP connection that comes back by itself. Publishing and consuming use one each, because a broker that blocks
 * publishers (memory or disk alarm) must not stop acknowledgements.
 */
export class Connection {
  private readonly logger: Logger;
  private model?: RecoveringChannelModel;
  private connected = false;
  private blockedBecause?: string;

  /** @param setup runs on every (re)connect; the connection counts as ready only after it */
  constructor(
    private readonly url: string,
    readonly name: string,
    private readonly setup: (model: ChannelModel) => Promise<void>,
  ) {
    this.logger = new Logger(`amqp ${name}`);
  }

  /** Resolves at the first connection, however long the broker takes to come. */
  async open(): Promise<void> {
    const model = await connect(withHeartbeat(this.url), {
      // Writes of one turn are batched, so Nagle's algorithm would only add the 40 ms of a delayed ACK.
      noDelay: true,
      timeout: 10_000,
      clientProperties: { connection_name: this.name },
      recovery: { ...defaults.reconnect, waitForConnect: false, setup: (raw: ChannelModel) => this.prepare(raw) },
    });
    this.model = model;
    model.on('connect', () => this.setConnected(true));
    model.on('disconnect', (error: Error) => {
      this.setConnected(false);
      this.setBlocked(undefined);
      this.logger.warn(`connection lost: ${error.message}`);
    });
    model.on('connect-failed', (error: Error) => this.logger.warn(`cannot reach RabbitMQ: ${describe(error)}`));
    model.on('error', (error: Error) => this.logger.warn(error.message));
    await model.waitForConnect();
  }

  /**
   * The recovering model listens to a connection only once its setup is done. What happens before would be missed: an
   * alarm, answered to what the setup publishes, or a broken socket, whose unheard 'error' would end the process.
   */
  private async prepare(raw: ChannelModel): Promise<void> {
    raw.on('error', () => undefined); // 'disconnect' or 'connect-failed' follows and is logged
    raw.on('blocked', (reason: string) => {
      this.setBlocked(reason);
      this.logger.warn(`RabbitMQ blocks publishers: ${reason}`);
    });
    raw.on('unblocked', () => {
      this.setBlocked(undefined);
      this.logger.log('RabbitMQ accepts publishers again');
    });
    await this.setup(raw);
  }

  /** A channel for whoever uses it now and closes it. @throws BrokerUnavailable instead of waiting for the broker */
  async channel(): Promise<Channel> {
    if (!this.model || !this.connected) throw new BrokerUnavailable('not connected to RabbitMQ');
    return this.model.createChannel();
  }

  async close(): Promise<void> {
    await this.model?.close();
    this.setConnected(false);
  }

  /** Why the connection is of no use right now; undefined when all is well. */
  trouble(): string | undefined {
    if (!this.connected) return 'not connected to RabbitMQ';
    return this.blockedBecause && `RabbitMQ blocks publishers: ${this.blockedBecause}`;
  }

  private setConnected(connected: boolean): void {
    this.connected = connected;
    brokerConnected.set({ connection: this.name }, connected ? 1 : 0);
  }

  private setBlocked(reason: string | undefined): void {
    this.blockedBecause = reason;
    brokerBlocked.set({ connection: this.name }, reason === undefined ? 0 : 1);
  }
}

/** The broker's own proposal is 60 s, which would leave a silently dead connection unnoticed for two minutes. */
function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(defaults.heartbeatSeconds));
  return parsed.toString();
}

function describe(error: Error & { code?: string; errors?: Error[] }): string {
  return error.message || error.errors?.map(({ message }) => message).join(', ') || error.code || 'unknown error';
}
