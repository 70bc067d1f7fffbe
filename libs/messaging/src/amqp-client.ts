import type { EventContract, RpcContract } from '@carillon/contracts';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import type { EventAttributes, Messages } from './messages.ts';

/** What `emit` takes: the data and the attributes of its CloudEvent. */
export interface OutgoingEvent<T = unknown> {
  data: T;
  attributes: EventAttributes;
}

/**
 * Messages behind Nest's own client interface, for code that is written against `ClientProxy`: patterns are contracts,
 * `send(rpcContract, request)` asks, `emit(eventContract, { data, attributes })` publishes.
 */
export class AmqpClient extends ClientProxy {
  constructor(private readonly messages: Messages) {
    super();
  }

  /** The connection belongs to Messages and its module. */
  async connect(): Promise<void> {}

  close(): void {}

  unwrap<T>(): T {
    return this.messages as T;
  }

  protected publish({ pattern, data }: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    let wanted = true;
    this.messages.call(pattern as RpcContract<unknown, unknown>, data).then(
      (response) => wanted && callback({ response, isDisposed: true }),
      (err: unknown) => wanted && callback({ err, isDisposed: true }),
    );
    return () => (wanted = false);
  }

  protected async dispatchEvent<T>({ pattern, data }: ReadPacket<OutgoingEvent>): Promise<T> {
    await this.messages.publish(pattern as EventContract<unknown>, data.data, data.attributes);
    return undefined as T;
  }
}
