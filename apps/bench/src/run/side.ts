import type { Published, PublishOrder } from '../front-door/orders.ts';
import type { Child } from './child.ts';
import type { Scratch } from './scratch.ts';

/**
 * What is published: the `type` says it to both sides. `email` is delivered in-app too; `fan_out` is one event, in-app, to everyone;
 * `rendered` is an email that has its words, for the email sender alone.
 */
export type Kind = 'in_app' | 'email' | 'fan_out' | 'rendered';

/** The stages between the front door and an email, of either side. */
export const stages = ['preferences', 'template-renderer', 'inbox', 'email-sender'] as const;
export type Stage = (typeof stages)[number];

/** Those that take part in what is measured. */
export function stagesOf({ withEmail, senderOnly = false }: SideSetup): readonly Stage[] {
  if (senderOnly) return ['email-sender'];
  return withEmail ? stages : stages.slice(0, -1);
}

/** What a side is made with. */
export interface SideSetup {
  scratch: Scratch;
  /** The sink. */
  smtpUrl: string;
  /** Whether emails are measured; otherwise nobody starts an email process. */
  withEmail: boolean;
  /** Nothing but emails that have their words are measured: nobody starts the stages before. */
  senderOnly?: boolean;
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
  readonly types: Record<Exclude<Kind, 'rendered'>, string>;
  /** Where an email that has its words goes. */
  readonly emails: { exchange: string; key: string };
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
