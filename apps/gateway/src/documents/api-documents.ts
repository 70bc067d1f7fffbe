import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG } from '@carillon/service';
import type { GatewayConfig } from '../config.ts';
import { asyncApi } from './asyncapi/asyncapi.ts';
import { DescribedRoutes } from './openapi/described-routes.ts';
import { openApi } from './openapi/openapi.ts';
import { version } from './package-folder.ts';
import { ContractExamples } from './schemas/contract-examples.ts';
import { eventContracts } from './schemas/contracts.ts';
import { Site } from './site/site.ts';

/** The machine-readable documents, made from the code once at start. */
@Injectable()
export class ApiDocuments extends Site implements OnApplicationBootstrap {
  constructor(
    private readonly routes: DescribedRoutes,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {
    // Anyone may read them from a page of his own, such as a viewer of API documents.
    super({ 'access-control-allow-origin': '*' });
  }

  async onApplicationBootstrap(): Promise<void> {
    const rest = openApi(this.routes.all(), new ContractExamples(), version);
    const messages = asyncApi(eventContracts, this.config.CARILLON_AMQP_PREFIX, version);
    await this.add('openapi.json', JSON.stringify(rest));
    await this.add('asyncapi.json', JSON.stringify(messages));
  }
}
