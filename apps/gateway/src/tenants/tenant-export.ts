import { Injectable } from '@nestjs/common';
import { exportTenantRows, rpcServices, type TenantExportPage } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';

/** A long e-mail each, they still make a message that the broker takes easily. */
const rowsAtOnce = 50;

type Service = (typeof rpcServices)[number];

/** Everything that all services hold of a tenant, as lines of JSON. */
@Injectable()
export class TenantExport {
  constructor(private readonly messages: Messages) {}

  /**
   * Lines in pieces, page by page, so that a tenant of any size costs little memory. The first line says what it is, the last one how
   * many there are: an export without it has broken off.
   *
   * @throws Problem 503 when a service is away at the beginning; later the lines end with the error
   */
  async lines(tenant: string, now: Date): Promise<AsyncIterable<string>> {
    const firsts = await Promise.all(rpcServices.map((service) => this.page(tenant, service, null)));
    return this.all(tenant, now, firsts);
  }

  private async *all(tenant: string, now: Date, firsts: readonly TenantExportPage[]): AsyncGenerator<string> {
    yield line({ tenant, exported_at: now.toISOString() });
    let count = 0;
    for (const [index, service] of rpcServices.entries()) {
      for (let page = firsts[index]!; ; page = await this.page(tenant, service, page.next)) {
        const { table, rows } = page;
        count += rows.length;
        if (rows.length > 0) yield rows.map((row) => line({ service, table, row })).join('');
        if (page.next === null) break;
      }
    }
    yield line({ rows: count });
  }

  private page(tenant: string, service: Service, cursor: string | null): Promise<TenantExportPage> {
    return this.messages.call(exportTenantRows, { tenant, service, cursor, limit: rowsAtOnce });
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
