import { eraseTenantRows, exportTenantRows, Problem, putTenantStanding } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { outlast } from '@carillon/persistence';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { TenantStandings } from './standings.ts';
import { eraseSome, exportPage } from './tenant-rows.ts';

/** Every service's part of what happens to a tenant. The questions are requests of that tenant: no row of another is in reach. */
@Controller()
export class TenantsController {
  constructor(
    private readonly db: DataSource,
    private readonly standings: TenantStandings,
  ) {}

  @MessagePattern(putTenantStanding.name)
  async put(
    @Payload() { tenant, standing }: RequestOf<typeof putTenantStanding>,
  ): Promise<ResponseOf<typeof putTenantStanding>> {
    await this.standings.put(tenant, standing);
    return {};
  }

  @MessagePattern(eraseTenantRows.name)
  async erase(@Payload() request: RequestOf<typeof eraseTenantRows>): Promise<ResponseOf<typeof eraseTenantRows>> {
    const { tenant, most } = request;
    if (this.standings.of(tenant) !== 'erased') {
      throw new Problem({ status: 409, code: 'tenant_not_erased', title: 'The tenant is not being erased' });
    }
    if (request.outlast) await outlast(this.db);
    return eraseSome(this.db, tenant, most);
  }

  @MessagePattern(exportTenantRows.name)
  export(@Payload() request: RequestOf<typeof exportTenantRows>): Promise<ResponseOf<typeof exportTenantRows>> {
    const { tenant, cursor, limit } = request;
    return exportPage(this.db, tenant, cursor, limit);
  }
}
