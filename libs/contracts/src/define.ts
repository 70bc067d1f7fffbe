/** What a contract is: data only, so that documents (AsyncAPI), tests and the transport read the same definitions. */
import type { z } from 'zod';

/**
 * Carillon's exchanges. The full name has the installation's prefix: `carillon.events`. `batch` is how many items share a message at
 * most; where it is 1 they are structured, without a list around each.
 */
export const exchanges = {
  /** The front door: CloudEvents, or plain JSON whose routing key is the type. */
  events: { kind: 'topic', batch: 1, mandatory: true },
  /** What timers kept, once it is due: to the same door, beside it. Fewer in a message than elsewhere, so that what is urgent gets its turn. */
  due: { kind: 'topic', batch: 100, mandatory: true },
  /** Between the services; batched. */
  pipeline: { kind: 'topic', batch: 200, mandatory: true },
  /** Public facts for anyone who binds a queue; nobody has to. Batched: one fact per message cost a third of the pipeline. */
  outcomes: { kind: 'topic', batch: 200, mandatory: false },
  /** Routing key = recipient; only gateway replicas that hold that recipient's socket are bound. */
  realtime: { kind: 'direct', batch: 1, mandatory: false },
  /** Poison messages with the error, the stage and the original properties. */
  dead: { kind: 'topic', batch: 1, mandatory: true },
} as const;

export type ExchangeName = keyof typeof exchanges;

/** One kind of message: its CloudEvents type, where it travels, its schema and an example. */
export interface EventContract<T> {
  /** CloudEvents `type`, versioned: `carillon.notification.routed.v1` */
  readonly type: string;
  readonly exchange: ExchangeName;
  /** Routing key; with `lanes` the lane of the data is appended: `routed.urgent`. */
  readonly key: string;
  /** Whether messages travel in three queues by urgency; the data then has a `lane`. */
  readonly lanes: boolean;
  /**
   * The routing key is followed by a part that names the recipient; the exchange is `realtime`. Listeners hear those whom they
   * bind (`Messages.recipientKeys`).
   */
  readonly perRecipient?: boolean;
  /**
   * Messages of any type are meant, and plain JSON too (its routing key is then the type): the front door and the dead
   * letters, where others than Carillon write. Everywhere else a message of another type is parked.
   */
  readonly open?: boolean;
  /**
   * Every replica of the services that listen to it (`listeners` of the street) hears it, whoever is there at that moment;
   * nobody has to be. What is announced while a replica is disconnected is missed, so it tells only that something changed.
   */
  readonly announcement?: boolean;
  /**
   * Nothing fills its queue until somebody binds the routing keys that are wanted (`Messages.bindOnDemand`), so
   * that nobody pays for what nobody asked for.
   */
  readonly onDemand?: boolean;
  /** Messages that a replica works on at the same time at most, where it has to leave room for others. Left out: as many as it can. */
  readonly inHand?: number;
  /**
   * It says what is to become of other messages, also of those that were there before it. A service that connects, again or for the
   * first time, works off what waits of it before it consumes anything else.
   */
  readonly heardFirst?: boolean;
  /**
   * The field of the data that holds what a tenant's events bring. Where it is large it travels compressed, and is read only by who
   * asks for it (`packed.ts` of the transport).
   */
  readonly bulk?: string;
  readonly summary: string;
  readonly schema: z.ZodType<T>;
  readonly example: T;
}

/** Declares an event. */
export function defineEvent<T>(contract: EventContract<T>): EventContract<T> {
  return Object.freeze(contract);
}

/** A question that the gateway asks exactly one service. */
export interface RpcContract<Request, Response> {
  /** Versioned name: `inbox.notifications.list.v1` */
  readonly name: string;
  /** The service that answers, or the choice of it by request (each sender answers for its own channel). */
  readonly service: string | ((request: Request) => string);
  readonly summary: string;
  readonly request: z.ZodType<Request>;
  readonly response: z.ZodType<Response>;
  readonly example: { request: Request; response: Response };
}

/** Declares an RPC. */
export function defineRpc<Request, Response>(contract: RpcContract<Request, Response>): RpcContract<Request, Response> {
  return Object.freeze(contract);
}
