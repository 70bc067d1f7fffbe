import type { Action, InAppRendered, Notification, Priority, TemplateRef } from '@carillon/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

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
  @Column('jsonb', { nullable: true })
  actor!: Notification['actor'];
  @Column('jsonb')
  template!: TemplateRef;
  @Column('timestamptz')
  created_at!: Date;
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
}

/** The row of a rendered notification that nobody has read yet. */
export function rowOf(tenant: string, rendered: InAppRendered) {
  return {
    tenant,
    recipient: rendered.recipient,
    id: rendered.notification_id,
    delivery_id: rendered.delivery_id,
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
    actor: rendered.actor,
    template: rendered.template,
    created_at: rendered.created_at,
    expires_at: rendered.expires_at,
    read_announced: false,
  };
}

/** The row as client apps see it. */
export function notificationOf(row: NotificationRow): Notification {
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
    actor: row.actor,
    status: row.read_at ? 'read' : 'unread',
    read: row.read_at !== null,
    read_at: row.read_at?.toISOString() ?? null,
    expires_at: row.expires_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  };
}
