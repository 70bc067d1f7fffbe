import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { CONFIG, OutboundGuard, RetentionModule, SecretBox, secretBox } from '@carillon/service';
import { AccessGuard } from './access/access.guard.ts';
import { ApiKeys } from './access/api-keys.ts';
import { ApiKeysController } from './access/api-keys.controller.ts';
import { DeclaredRoutes } from './access/declared-routes.ts';
import { KeyUses } from './access/key-uses.ts';
import { KeySets } from './access/key-sets.ts';
import { RecipientTokens } from './access/recipient-tokens.ts';
import { TokenKeys } from './access/token-keys.ts';
import { TokensController } from './access/tokens.controller.ts';
import { AuditModule } from './audit/audit.module.ts';
import { BrandController } from './branding/brand.controller.ts';
import { CatalogController } from './catalog/catalog.controller.ts';
import { CatalogDesk } from './catalog/catalog-desk.ts';
import { CategoriesController } from './catalog/categories.controller.ts';
import { CatalogReader } from './catalog/text/catalog-reader.ts';
import { SourcesController } from './catalog/sources.controller.ts';
import { TypesController } from './catalog/types.controller.ts';
import type { GatewayConfig } from './config.ts';
import { DeadLetterStore } from './dead-letters/dead-letter-store.ts';
import { DeadLettersController } from './dead-letters/dead-letters.controller.ts';
import { DeliveriesController } from './deliveries/deliveries.controller.ts';
import { DocumentsModule } from './documents/documents.module.ts';
import { EngagementController } from './engagement/engagement.controller.ts';
import { ErasedLetters } from './erasure/erased-letters.ts';
import { ErasureController } from './erasure/erasure.controller.ts';
import { EventsController } from './events/events.controller.ts';
import { FrontDoor } from './events/front-door.ts';
import { RequiredData } from './events/required-data.ts';
import { Cancelling } from './events/cancellation.ts';
import { TemplatesChangedController } from './events/templates-changed.controller.ts';
import { BeatsController } from './health/beats.controller.ts';
import { Health } from './health/health.ts';
import { HealthController } from './health/health.controller.ts';
import { Queues } from './health/queues.ts';
import { Replicas } from './health/replicas.ts';
import { LayoutsController } from './fragments/layouts.controller.ts';
import { PartialsController } from './fragments/partials.controller.ts';
import { ProblemFilter } from './http/problem.filter.ts';
import { ExpiredRows } from './expiry/expired-rows.ts';
import { ExperimentsController } from './experiments/experiments.controller.ts';
import { Idempotency } from './idempotency/idempotency.ts';
import { IdempotencyInterceptor, ReplayFilter } from './idempotency/idempotency.interceptor.ts';
import { InboxController } from './inbox/inbox.controller.ts';
import { LimitsModule } from './limits/limits.module.ts';
import { RateLimitGuard } from './limits/rate-limit.guard.ts';
import { TimeLimitInterceptor, TimeLimits } from './limits/time-limit.ts';
import { OriginGuard } from './origins/origin.guard.ts';
import { Origins } from './origins/origins.ts';
import { OriginsController } from './origins/origins.controller.ts';
import { OutboxDrain } from './outbox/outbox-drain.ts';
import { Outbox } from './outbox/outbox.ts';
import { FirstOwner } from './members/first-owner.ts';
import { Members } from './members/members.ts';
import { MembersController } from './members/members.controller.ts';
import { OutboundWebhooksModule } from './outbound-webhooks/outbound-webhooks.module.ts';
import { PersonalData } from './personal-data/personal-data.ts';
import { PersonalDataController } from './personal-data/personal-data.controller.ts';
import { PreferencesController } from './preferences/preferences.controller.ts';
import { RecipientPreferencesController } from './preferences/recipient-preferences.controller.ts';
import { PreviewsController } from './previews/previews.controller.ts';
import { SamplesController } from './previews/samples.controller.ts';
import { Feeds } from './realtime/feeds.ts';
import { CapsController } from './providers/caps.controller.ts';
import { ProvidersController } from './providers/providers.controller.ts';
import { RealtimeController } from './realtime/realtime.controller.ts';
import { RevokedTokens } from './realtime/revoked-tokens.ts';
import { Sockets } from './realtime/sockets.ts';
import { Watches } from './realtime/watches.ts';
import { PeopleController } from './recipients/people.controller.ts';
import { RecipientsController } from './recipients/recipients.controller.ts';
import { AccessEvents } from './sessions/access-events.ts';
import { KnownBrowsers } from './sessions/known-browsers.ts';
import { OpenId } from './sessions/openid.ts';
import { SessionController } from './sessions/session.controller.ts';
import { Sessions } from './sessions/sessions.ts';
import { SignIn } from './sessions/sign-in.ts';
import { SignInLimit } from './sessions/sign-in-limit.ts';
import { retained } from './retention/retained.ts';
import { RetentionController } from './retention/retention.controller.ts';
import { SchedulesController } from './schedules/schedules.controller.ts';
import { Senders } from './subscriptions/senders.ts';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.ts';
import { SuppressionsController } from './suppressions/suppressions.controller.ts';
import { DescribedTypes } from './templates/described-types.ts';
import { TemplatesController } from './templates/templates.controller.ts';
import { DigestsController } from './digests/digests.controller.ts';
import { TenantExport } from './tenants/tenant-export.ts';
import { TenantLife } from './tenants/tenant-life.ts';
import { TenantStore } from './tenants/tenant-store.ts';
import { TenantsController } from './tenants/tenants.controller.ts';
import { TimersController } from './timers/timers.controller.ts';
import { TranslationsController } from './templates/translations.controller.ts';
import { TracesController } from './traces/traces.controller.ts';
import { WebhooksModule } from './webhooks/webhooks.module.ts';

/** The edge: REST in front, questions to one service each behind. */
@Module({
  imports: [
    AuditModule,
    LimitsModule,
    WebhooksModule,
    OutboundWebhooksModule,
    DocumentsModule,
    RetentionModule.of({ parts: retained, weeksAhead: 2 }),
  ],
  controllers: [
    EventsController,
    RecipientsController,
    PersonalDataController,
    TracesController,
    InboxController,
    PreferencesController,
    RecipientPreferencesController,
    DeliveriesController,
    ProvidersController,
    CapsController,
    PeopleController,
    SuppressionsController,
    SubscriptionsController,
    EngagementController,
    ExperimentsController,
    BrandController,
    LayoutsController,
    PartialsController,
    CatalogController,
    TypesController,
    CategoriesController,
    SourcesController,
    TemplatesController,
    TranslationsController,
    SchedulesController,
    TimersController,
    DigestsController,
    RetentionController,
    DeadLettersController,
    HealthController,
    BeatsController,
    ErasureController,
    RealtimeController,
    ApiKeysController,
    TenantsController,
    TokensController,
    OriginsController,
    MembersController,
    SessionController,
    TemplatesChangedController,
    PreviewsController,
    SamplesController,
  ],
  providers: [
    ApiKeys,
    KeyUses,
    KeySets,
    TokenKeys,
    Members,
    FirstOwner,
    Sessions,
    SignIn,
    SignInLimit,
    KnownBrowsers,
    OpenId,
    AccessEvents,
    {
      provide: OutboundGuard,
      useFactory: (config: GatewayConfig) => new OutboundGuard(config.ALLOW_PRIVATE_URLS),
      inject: [CONFIG],
    },
    DeclaredRoutes,
    RecipientTokens,
    Origins,
    { provide: SecretBox, useFactory: (config: GatewayConfig) => secretBox(config), inject: [CONFIG] },
    DeadLetterStore,
    Replicas,
    Queues,
    Health,
    TenantStore,
    TenantLife,
    TenantExport,
    ErasedLetters,
    Senders,
    PersonalData,
    FrontDoor,
    Outbox,
    OutboxDrain,
    RequiredData,
    CatalogDesk,
    CatalogReader,
    DescribedTypes,
    Watches,
    Feeds,
    Sockets,
    RevokedTokens,
    Cancelling,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_GUARD, useClass: OriginGuard },
    Idempotency,
    ExpiredRows,
    TimeLimits,
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
    { provide: APP_INTERCEPTOR, useClass: TimeLimitInterceptor },
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_FILTER, useClass: ReplayFilter },
  ],
})
export class AppModule {}
