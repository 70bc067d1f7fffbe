import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { catalogApplied, catalogChanged, uuidv8, type CatalogApplied, type CatalogDocument } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { outsideRequests } from '@carillon/persistence';
import { CatalogVersions, type Unannounced } from './catalog-versions.ts';

/** How often every replica looks for what another one left unannounced. */
const sweepMs = 2_000;
/** Told in one go. */
const atOnce = 100;

/**
 * Tells all replicas that another catalog holds, and the renderer which words it brings. The table remembers what was not told
 * yet, so a broker that is away, or a crash, only delays it; telling it twice changes nothing.
 */
@Injectable()
export class CatalogAnnouncer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(CatalogAnnouncer.name);
  private timer?: NodeJS.Timeout;
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly versions: CatalogVersions,
    private readonly messages: Messages,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      if (this.waiting === 0) void this.announce();
    }, sweepMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.last;
  }

  /** Resolves when everything was told, or could not be. Never rejects. */
  announce(): Promise<void> {
    this.waiting += 1;
    const announced = async (): Promise<void> => {
      try {
        // Publishing would only wait for the broker.
        while (this.messages.trouble() === undefined && (await this.round()));
      } catch (error) {
        this.logger.warn({ msg: 'catalogs are announced later', error: (error as Error).message });
      } finally {
        this.waiting -= 1;
      }
    };
    return (this.last = this.last.then(() => outsideRequests(announced)));
  }

  /** @returns whether there may be more */
  private async round(): Promise<boolean> {
    const versions = await this.versions.unannounced(atOnce);
    await Promise.all(versions.map((version) => this.tell(version)));
    return versions.length === atOnce;
  }

  private async tell(unannounced: Unannounced): Promise<void> {
    const { tenant, version, document, applied_at } = unannounced;
    const id = (what: string) => uuidv8(applied_at.getTime(), what, tenant, String(version));
    const templates = templatesOf(document);
    await Promise.all([
      this.messages.publish(catalogApplied, { version, templates }, { id: id('catalog applied'), tenant }),
      this.messages.publish(catalogChanged, { version }, { id: id('catalog changed'), tenant }),
    ]);
    await this.versions.markAnnounced(unannounced);
  }
}

function templatesOf({ types = {} }: CatalogDocument): CatalogApplied['templates'] {
  return Object.fromEntries(
    Object.entries(types).flatMap(([key, { templates }]) =>
      templates ? [[key, templates as CatalogApplied['templates'][string]]] : [],
    ),
  );
}
