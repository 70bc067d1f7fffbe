import type { Channel, NotificationRouted } from '@carillon/contracts';
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

/**
 * Fills templates in where nobody has to wait for them: in the service's own thread as long as that takes a few milliseconds at most,
 * as nearly all do, and in a worker once it took longer.
 */
@Injectable()
export class GuardedRendering {
  /** By tenant, the templates that took longer with its data. */
  private readonly heavy = new LRUCache<string, WeakSet<CompiledTemplate>>({ max: 10_000, ttl: secondChance });

  constructor(private readonly isolated: IsolatedTemplates) {}

  /** Gives every delivery of a notification its words; at once where no worker is needed. */
  render(
    tenant: string,
    routed: NotificationRouted,
    templates: ReadonlyMap<Channel, ParsedTemplate | null>,
    brand: Brand,
    now: Date,
  ): RenderedNotification | Promise<RenderedNotification> {
    const heavy = this.heavy.get(tenant);
    const apart = new Set<Channel>();
    if (heavy)
      for (const [channel, template] of templates) if (template && heavy.has(template.compiled)) apart.add(channel);
    const near = apart.size === 0 ? routed : without(routed, apart);
    const rendered = renderNotification(near, templates, brand, now, ownThread);
    for (const { channel, limit } of rendered.failures) {
      if (!limit) continue;
      this.remember(tenant, templates.get(channel)!);
      apart.add(channel);
    }
    if (apart.size === 0) return rendered;
    rendered.failures = rendered.failures.filter(({ channel }) => !apart.has(channel));
    return this.renderApart(tenant, routed, templates, [...apart] as AvailableChannel[], brand, now, rendered);
  }

  /** @param rendered gets what the workers say added */
  private async renderApart(
    tenant: string,
    routed: NotificationRouted,
    templates: ReadonlyMap<Channel, ParsedTemplate | null>,
    channels: readonly AvailableChannel[],
    brand: Brand,
    now: Date,
    rendered: RenderedNotification,
  ): Promise<RenderedNotification> {
    const renderOne = async (channel: AvailableChannel) => {
      const template = templates.get(channel)!;
      try {
        const words = await this.isolated.words(tenant, routed, template, brand, now);
        rendered.deliveries.push(...deliveriesOf(routed, template, channel, words));
      } catch (error) {
        if (!(error instanceof RenderFailure)) throw error;
        rendered.failures.push(error);
      }
    };
    await Promise.all(channels.map(renderOne));
    return rendered;
  }

  private remember(tenant: string, { compiled }: ParsedTemplate): void {
    const heavy = this.heavy.get(tenant) ?? new WeakSet();
    this.heavy.set(tenant, heavy.add(compiled));
  }
}

function without(routed: NotificationRouted, channels: ReadonlySet<Channel>): NotificationRouted {
  return { ...routed, deliveries: routed.deliveries.filter(({ channel }) => !channels.has(channel)) };
}
