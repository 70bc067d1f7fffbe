import type { Action, Actor, InAppRendered, Notification, Priority, Related, TemplateRef } from '@carillon/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { isSnoozed, statusOf } from './state/state.ts';
import { timeAgo } from './state/time-ago.ts';

/** A notification as it is stored. Members are named as the columns, so that rows of plain SQL have the same shape. */
@Entity('notifications')
export class NotificationRow {
  @PrimaryColumn('text')
  tenant!: string;
  @PrimaryColumn('text')
  recipient!: string;
  /** Sorts by time. */
  @PrimaryColumn('uuid')
  id!: string;
  @Column('uuid')
  delivery_id!: string;
  @Column('text')
  type!: string;
  @Column('text')
  category!: string;
  @Column('text')
  priority!: Priority;
  @Column('text')
  title!: string;
  @Column('text')
  message!: string;
  @Column('text', { nullable: true })
  html!: string | null;
  @Column('text', { nullable: true })
  link!: string | null;
  @Column('text', { nullable: true })
  image!: string | null;
  @Column('jsonb')
  actions!: Action[];
  @Column('jsonb')
  metadata!: Record<string, unknown>;
  @Column('jsonb')
  related!: Related;
  @Column('jsonb', { nullable: true })
  actor!: Actor | null;
  /** Who caused those that became one, the latest first; null while it is one. */
  @Column('jsonb', { nullable: true })
  actors!: Actor[] | null;
  @Column('integer')
  count!: number;
  @Column('jsonb')
  template!: TemplateRef;
  /** The recipient's language; null where only that of the words is known. */
  @Column('text', { nullable: true })
  locale!: string | null;
  @Column('timestamptz')
  created_at!: Date;
  /** The order of lists; in the future while it is snoozed. */
  @Column('timestamptz')
  arrived_at!: Date;
  @Column('timestamptz', { nullable: true })
  expires_at!: Date | null;
  @Column('timestamptz', { nullable: true })
  read_at!: Date | null;
  /** Marking it unread does not clear this one. */
  @Column('timestamptz', { nullable: true })
  first_read_at!: Date | null;
  /** Whether the broker has confirmed the outcome of the first reading. */
  @Column('boolean')
  read_announced!: boolean;
  @Column('timestamptz', { nullable: true })
  seen_at!: Date | null;
  @Column('timestamptz', { nullable: true })
  archived_at!: Date | null;
  @Column('timestamptz', { nullable: true })
  snoozed_until!: Date | null;
  /** Its words are gone; it is shown to nobody. */
  @Column('timestamptz', { nullable: true })
  deleted_at!: Date | null;
}

/** The row of a rendered notification that nobody has read yet. */
export function rowOf(tenant: string, rendered: InAppRendered) {
  return {
    tenant,
    recipient: rendered.recipient,
    id: rendered.notification_id,
    delivery_id: rendered.delivery_id,
    event_id: rendered.event_id,
    type: rendered.type,
    category: rendered.category,
    priority: rendered.priority,
    title: rendered.title,
    message: rendered.message,
    html: rendered.html,
    link: rendered.link,
    image: rendered.image,
    actions: rendered.actions,
    metadata: rendered.metadata,
    related: rendered.related ?? {},
    actor: rendered.actor,
    locale: rendered.locale,
    template: rendered.template,
    created_at: rendered.created_at,
    expires_at: rendered.expires_at,
    read_announced: false,
  };
}

/** The row as client apps see it. */
export function notificationOf(row: NotificationRow, now: Date): Notification {
  return {
    id: row.id,
    type: row.type,
    category: row.category,
    priority: row.priority,
    title: row.title,
    message: row.message,
    html: row.html,
    link: row.link,
    image: row.image,
    actions: row.actions,
    metadata: row.metadata,
    related: row.related,
    actor: row.actor,
    actors: row.actors ?? (row.actor ? [row.actor] : []),
    count: row.count,
    status: statusOf(row, now),
    read: row.read_at !== null,
    read_at: row.read_at?.toISOString() ?? null,
    seen_at: row.seen_at?.toISOString() ?? null,
    archived_at: row.archived_at?.toISOString() ?? null,
    snoozed_until: isSnoozed(row, now) ? row.snoozed_until!.toISOString() : null,
    expires_at: row.expires_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    arrived_at: row.arrived_at.toISOString(),
    time_ago: timeAgo(row.arrived_at, now, row.locale ?? row.template.locale),
  };
}
