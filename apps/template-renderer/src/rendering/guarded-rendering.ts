import type { Channel, NotificationRouted } from '@carillon/contracts';
import { withFields } from '@carillon/messaging/packed';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ownThread } from '../engine/index.ts';
import { IsolatedTemplates } from '../isolation/isolated-templates.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import type { CompiledTemplate } from '../templates/template.ts';
import { RenderFailure } from './render-failure.ts';
import {
  deliveriesOf,
  renderNotification,
  type AvailableChannel,
  type RenderedNotification,
} from './render-notification.ts';
import type { Brand } from './scope.ts';

/** After so many milliseconds a template is tried in the service's own thread again: it may have been the data. */
const secondChance = 600_000;

/** Once a template of a tenant has taken longer than it may, what is new of it is tried in a worker first, for so many milliseconds. */
const distrust = 60_000;

/** What could be said at once. */
export interface Guarded extends RenderedNotification {
  /** The channels that take longer, to be given their words apart. */
  apart: readonly Channel[];
}

type Templates = ReadonlyMap<Channel, ParsedTemplate | null>;

/**
 * Fills templates in where nobody has to wait for them: in the service's own thread as long as that takes a few milliseconds at most,
 * as nearly all do, and in a worker once it took longer.
 */
@Injectable()
export class GuardedRendering {
  /** By tenant, the templates that took longer with its data. */
  private readonly heavy = new LRUCache<string, WeakSet<CompiledTemplate>>({ max: 10_000, ttl: secondChance });

  /** Whether a template has come to its end in the service's own thread; missing: not tried yet. */
  private readonly proven = new WeakMap<CompiledTemplate, boolean>();

  /** Tenants of whom a template has taken too long here lately. */
  private readonly distrusted = new LRUCache<string, true>({ max: 10_000, ttl: distrust });

  constructor(private readonly isolated: IsolatedTemplates) {}

  /** Gives the deliveries of a notification their words, but those that take longer. */
  render(tenant: string, routed: NotificationRouted, templates: Templates, brand: Brand, now: Date): Guarded {
    const apart = new Set<Channel>();
    const held: RenderFailure[] = [];
    for (const [channel, template] of templates) {
      if (!template || !this.isSuspect(tenant, template)) continue;
      apart.add(channel);
      const failure = this.isolated.heldBack(tenant, template);
      if (failure) held.push(failure);
    }
    const near = apart.size === 0 ? routed : withDeliveries(routed, (channel) => !apart.has(channel));
    const { deliveries, failures } = this.renderNear(tenant, near, templates, brand, now);
    for (const { channel, limit } of failures) {
      if (!limit) continue;
      this.remember(tenant, templates.get(channel)!);
      apart.add(channel);
    }
    if (apart.size === 0) return { deliveries, failures, apart: [] };
    for (const { channel } of held) apart.delete(channel);
    return { deliveries, failures: [...failures.filter(({ limit }) => !limit), ...held], apart: [...apart] };
  }

  /** Gives the deliveries of a notification their words in workers, whatever they take. */
  async renderApart(
    tenant: string,
    routed: NotificationRouted,
    templates: Templates,
    brand: Brand,
    now: Date,
  ): Promise<RenderedNotification> {
    const rendered: RenderedNotification = { deliveries: [], failures: [] };
    const renderOne = async (channel: AvailableChannel) => {
      const template = templates.get(channel);
      try {
        if (!template) throw new RenderFailure(channel, 'there is no template for this channel any more');
        const words = await this.isolated.words(tenant, routed, template, brand, now);
        rendered.deliveries.push(...deliveriesOf(routed, template, channel, words));
      } catch (error) {
        if (!(error instanceof RenderFailure)) throw error;
        rendered.failures.push(error);
      }
    };
    const channels = new Set(routed.deliveries.map(({ channel }) => channel));
    await Promise.all(([...channels] as AvailableChannel[]).map(renderOne));
    return rendered;
  }

  /**
   * In the service's own thread. A template that came to its end here before, or that is filled in for the first time, gets a second
   * try, unless its tenant is distrusted: cold code and collections of garbage fall into anybody's five milliseconds, and whoever is
   * set apart for them waits among those that are slow.
   */
  private renderNear(
    tenant: string,
    routed: NotificationRouted,
    templates: Templates,
    brand: Brand,
    now: Date,
  ): RenderedNotification {
    const first = renderNotification(routed, templates, brand, now, ownThread);
    const again = new Set<Channel>();
    for (const { channel, limit } of first.failures) {
      if (limit !== 'time' || this.distrusted.has(tenant)) continue;
      const { compiled } = templates.get(channel)!;
      if (this.proven.get(compiled) !== false) again.add(channel);
      if (!this.proven.has(compiled)) this.proven.set(compiled, false);
    }
    for (const { channel } of first.deliveries) this.proven.set(templates.get(channel)!.compiled, true);
    if (again.size === 0) return first;
    const second = renderNotification(
      withDeliveries(routed, (channel) => again.has(channel)),
      templates,
      brand,
      now,
      ownThread,
    );
    return {
      deliveries: [...first.deliveries, ...second.deliveries],
      failures: [...first.failures.filter(({ channel }) => !again.has(channel)), ...second.failures],
    };
  }

  /** Whether it is not to be filled in here: it took longer before, or is new and of a tenant of whom another has lately. */
  private isSuspect(tenant: string, template: ParsedTemplate): boolean {
    if (this.heavy.get(tenant)?.has(template.compiled)) return true;
    if (!this.distrusted.has(tenant) || this.proven.get(template.compiled)) return false;
    return !this.isolated.hasTaken(tenant, template, ownThread.time);
  }

  private remember(tenant: string, { compiled, parts }: ParsedTemplate): void {
    const heavy = this.heavy.get(tenant) ?? new WeakSet();
    this.heavy.set(tenant, heavy.add(compiled));
    // One that is too long to be parsed here has not taken anything.
    if (parts) this.distrusted.set(tenant, true);
  }
}

/** The notification with the deliveries on some of its channels. */
export function withDeliveries<Of extends NotificationRouted>(routed: Of, wanted: (channel: Channel) => boolean): Of {
  return withFields(routed, { deliveries: routed.deliveries.filter(({ channel }) => wanted(channel)) });
}
