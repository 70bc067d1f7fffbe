import type { Published, PublishOrder } from '../front-door/orders.ts';
import type { Child } from './child.ts';
import type { Scratch } from './scratch.ts';

/** How an event is delivered: the publisher's `type` says it to both sides. `fan_out` is one event, in-app, to everyone. */
export type Kind = 'in_app' | 'email' | 'fan_out';

/** What a side is made with. */
export interface SideSetup {
  scratch: Scratch;
  /** The sink. */
  smtpUrl: string;
  /** Whether emails are measured; otherwise nobody starts an email process. */
  withEmail: boolean;
  /** Whether client apps take part. */
  withGateway?: boolean;
  /** Environment variables that Carillon's services get besides. */
  env: Record<string, string>;
  /** Where its processes leave CPU profiles. */
  profileTo?: string;
}

/** One of those that are compared. Everything is by tenant, and each round has a tenant of its own. */
export interface Side {
  readonly name: 'floor' | 'loop' | 'Carillon';
  /** Exchange of the front door. */
  readonly exchange: string;
  /** CloudEvents type of an event that is delivered so. */
  readonly types: Record<Kind, string>;
  /** The in-app table, for the trigger that tells when a row became visible, and its recipient's column. */
  readonly inbox: { table: string; recipient: string };
  /** Its processes, for CPU and trouble. */
  readonly children: readonly Child[];
  start(): Promise<void>;
  /** Takes an order in the publisher's place, where there is no broker between. */
  take?(order: PublishOrder): Promise<Published>;
  /** Creates `recipient-0` … with a name, a locale, a zone, an email address. */
  addRecipients(tenant: string, count: number): Promise<void>;
  /** In-app rows that are visible. */
  inApp(tenant: string): Promise<number>;
  /** Recipients who have at least one of them. */
  reached(tenant: string): Promise<number>;
  /** Email deliveries logged as sent. */
  emailsSent(tenant: string): Promise<number>;
  /** Stops the processes and removes what is at the broker; the database is removed as a whole. */
  stop(): Promise<void>;
}
