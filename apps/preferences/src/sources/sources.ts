import { Inject, Injectable } from '@nestjs/common';
import type { CloudEvent } from '@carillon/contracts';
import { Messages, type ExchangeRules, type Origin } from '@carillon/messaging';
import { CONFIG, type CommonConfig } from '@carillon/service';
import { Catalogs } from '../catalog/catalogs.ts';
import type { PreferencesConfig } from '../config.ts';
import { sourceMistakes } from './permitted.ts';
import { SourceIndex, type Resolved } from './source-index.ts';
import type { TenantSource } from './tenant-source.ts';

/** The sources of all tenants' catalogs: which exchanges there are, and whose is what comes through them. */
@Injectable()
export class Sources {
  readonly rules: ExchangeRules;
  private index?: Promise<SourceIndex>;

  constructor(
    private readonly catalogs: Catalogs,
    @Inject(CONFIG) config: CommonConfig & PreferencesConfig,
    messages: Messages,
  ) {
    this.rules = { prefix: config.CARILLON_AMQP_PREFIX, permits: config.SOURCE_EXCHANGES };
    messages.onConnected(() => this.forget());
  }

  /**
   * Whose a message from a foreign exchange is, and what it means to each of them. Without a query: sources are kept in memory
   * until a catalog changes. Nobody's, when no source takes it.
   */
  async resolve(event: CloudEvent, origin: Origin): Promise<Resolved[]> {
    return (await this.current()).resolve(event, origin);
  }

  /** A catalog is another now. */
  forget(): void {
    this.index = undefined;
  }

  /** Those that their tenants may have: a setting may forbid what a catalog had before. */
  async permitted(): Promise<TenantSource[]> {
    const all = await this.catalogs.allSources();
    return all.filter(({ tenant, source }) => sourceMistakes(tenant, source, this.rules).length === 0);
  }

  private current(): Promise<SourceIndex> {
    if (this.index) return this.index;
    const index = this.permitted().then((sources) => new SourceIndex(sources));
    index.catch(() => this.index === index && this.forget());
    return (this.index = index);
  }
}
