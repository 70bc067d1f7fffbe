import { tendRetention } from '@carillon/contracts';
import { Partitions, type ServiceOptions } from '@carillon/service';
import { migrations } from '../migrations/index.ts';
import { ApiKeys } from './access/api-keys.ts';
import { TokenKeys } from './access/token-keys.ts';
import { FirstOwner } from './members/first-owner.ts';
import { AuditInterceptor } from './audit/audit.interceptor.ts';
import { AuditRetention } from './audit/audit-retention.ts';
import { AppModule } from './app.module.ts';
import { takeCatalogDocuments } from './catalog/catalog-body.ts';
import { configSchema } from './config.ts';
import { keepBodyLimits } from './http/body-limit.ts';
import { refuseUnstorable } from './http/refuse-unstorable.ts';
import { sendSecurityHeaders } from './http/security-headers.ts';
import { keepAnswers } from './idempotency/idempotency.interceptor.ts';
import { dropSlowClients } from './limits/slow-clients.ts';
import { letPagesIn } from './origins/cross-origin.ts';
import { Origins } from './origins/origins.ts';
import { Endpoints } from './outbound-webhooks/endpoints.ts';
import { Sockets } from './realtime/sockets.ts';
import { takeOneClicks } from './subscriptions/one-click-body.ts';
import { takeBounces } from './webhooks/webhook-body.ts';

export const service: ServiceOptions<typeof configSchema.shape> = {
  name: 'gateway',
  config: configSchema,
  module: () => AppModule,
  migrations,
  rpcs: [tendRetention],
  worksWithoutBroker: true,
  trustedProxies: ({ TRUSTED_PROXIES }) => TRUSTED_PROXIES,
  http(app) {
    sendSecurityHeaders(app);
    letPagesIn(app);
    takeCatalogDocuments(app);
    takeOneClicks(app);
    takeBounces(app);
    keepBodyLimits(app);
    refuseUnstorable(app);
    keepAnswers(app);
    dropSlowClients(app);
    app.get(AuditInterceptor).keep(app);
    app.get(Sockets).attach(app.getHttpServer());
  },
  async prepare(app) {
    await app.get(AuditRetention).start();
    await app.get(Partitions).start();
    await app.get(ApiKeys).registerSettings();
    await app.get(TokenKeys).reseal();
    await app.get(Origins).start();
    await app.get(Endpoints).reseal();
    await app.get(FirstOwner).invite();
  },
};
