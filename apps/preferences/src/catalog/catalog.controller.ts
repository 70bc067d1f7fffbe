import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  catalogChanged,
  defaultTenant,
  effectiveCatalog,
  getCatalog,
  listCatalogVersions,
  putCatalog,
  revertCatalog,
  type CatalogChanged,
  type CloudEvent,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { builtIn } from './built-in-types.ts';
import { CatalogEditing } from './catalog-editing.ts';
import { CatalogVersions } from './catalog-versions.ts';
import { Catalogs } from './catalogs.ts';
import { effectiveCatalogOf } from './effective.ts';

/** Answers the gateway's questions about catalogs, and hears from other replicas that one has changed. */
@Controller()
export class CatalogController {
  constructor(
    private readonly versions: CatalogVersions,
    private readonly editing: CatalogEditing,
    private readonly catalogs: Catalogs,
  ) {}

  @EventPattern<string>(catalogChanged.type)
  changed(@Payload() { tenant = defaultTenant, data }: CloudEvent<CatalogChanged>): void {
    this.catalogs.changed(tenant, data.version);
  }

  @MessagePattern(getCatalog.name)
  get(@Payload() { tenant, version }: RequestOf<typeof getCatalog>): Promise<ResponseOf<typeof getCatalog>> {
    return version === undefined ? this.versions.current(tenant) : this.versions.get(tenant, version);
  }

  @MessagePattern(putCatalog.name)
  put(@Payload() request: RequestOf<typeof putCatalog>): Promise<ResponseOf<typeof putCatalog>> {
    return this.editing.replace(request);
  }

  @MessagePattern(listCatalogVersions.name)
  list(
    @Payload() { tenant, limit, after }: RequestOf<typeof listCatalogVersions>,
  ): Promise<ResponseOf<typeof listCatalogVersions>> {
    return this.versions.list(tenant, { limit, after });
  }

  @MessagePattern(revertCatalog.name)
  revert(
    @Payload() { tenant, version, dry_run, applied_by }: RequestOf<typeof revertCatalog>,
  ): Promise<ResponseOf<typeof revertCatalog>> {
    return this.editing.revert(tenant, version, { dry_run, applied_by });
  }

  @MessagePattern(effectiveCatalog.name)
  async effective(
    @Payload() { tenant }: RequestOf<typeof effectiveCatalog>,
  ): Promise<ResponseOf<typeof effectiveCatalog>> {
    const { version, document } = await this.versions.current(tenant);
    return effectiveCatalogOf(version, builtIn.document, document);
  }
}
