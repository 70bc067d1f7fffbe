import { randomUUID } from 'node:crypto';
import {
  catalogApplied,
  checkTemplates,
  defaultTenant,
  templatesChanged,
  type CatalogApplied,
  type CloudEvent,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Controller, Logger } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { BrandStore } from '../branding/brand-store.ts';
import { ExperimentsInUse } from '../experiments/assignment/experiments-in-use.ts';
import { Recompiler } from '../recompiling/recompiler.ts';
import { TemplateCache } from '../templates/template-cache.ts';
import { CatalogWords, type CheckedWords } from './catalog-words.ts';

/** The words that come with a tenant's catalog. */
@Controller()
export class CatalogController {
  private readonly logger = new Logger(CatalogController.name);
  private refreshed = false;

  constructor(
    private readonly words: CatalogWords,
    private readonly recompiler: Recompiler,
    private readonly templates: TemplateCache,
    private readonly brands: BrandStore,
    private readonly experiments: ExperimentsInUse,
    private readonly messages: Messages,
  ) {
    messages.onConnected(() => templates.forgetAll());
    messages.onConnected(() => experiments.forgetAll());
    messages.onConnected(() => this.refresh());
  }

  /** Once, as soon as there is a database and a broker. */
  private async refresh(): Promise<void> {
    if (this.refreshed) return;
    for (const tenant of await this.recompiler.refreshAll()) {
      this.logger.log({ msg: 'words were compiled anew', tenant });
      await this.messages.publish(templatesChanged, {}, { tenant, id: randomUUID() });
    }
    this.refreshed = true;
  }

  @MessagePattern<string>(checkTemplates.name)
  async check(
    @Payload() { tenant, templates }: { tenant: string; templates: Record<string, unknown> },
  ): Promise<CheckedWords> {
    return this.words.check(tenant, templates);
  }

  /** Announced even when the version was there already: whoever wrote it may have been killed before saying so. */
  @EventPattern<string>(catalogApplied.type)
  async onApplied(@Payload() { tenant = defaultTenant, data }: CloudEvent<CatalogApplied>): Promise<void> {
    const { version, templates } = data;
    const { current, published, withdrawn } = await this.words.apply(tenant, version, templates);
    if (!current) return;
    this.logger.log({ msg: 'the words of a catalog are in use', tenant, version, published, withdrawn });
    await this.messages.publish(templatesChanged, {}, { tenant, id: `templates-of-catalog-${version}` });
  }

  @EventPattern<string>(templatesChanged.type)
  onChanged(@Payload() { tenant = defaultTenant }: CloudEvent): void {
    this.brands.forget(tenant);
    this.templates.forget(tenant);
    this.experiments.forget(tenant);
  }
}
