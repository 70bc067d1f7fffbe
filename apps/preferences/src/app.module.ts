import { RetentionModule } from '@carillon/service';
import { Module } from '@nestjs/common';
import { Cancelling } from './cancelling/cancelling.ts';
import { CancellingController } from './cancelling/cancelling.controller.ts';
import { CatalogAnnouncer } from './catalog/catalog-announcer.ts';
import { CatalogController } from './catalog/catalog.controller.ts';
import { CatalogEditing } from './catalog/catalog-editing.ts';
import { CatalogVersions } from './catalog/catalog-versions.ts';
import { Catalogs } from './catalog/catalogs.ts';
import { ChoicesController } from './choices/choices.controller.ts';
import { DecisionsController } from './decisions/decisions.controller.ts';
import { Digests } from './digests/digests.ts';
import { DryRun } from './dry-run/dry-run.ts';
import { Announcing } from './erasure/announcing.ts';
import { ErasureStore } from './erasure/erasure-store.ts';
import { Erasures } from './erasure/erasures.ts';
import { ErasuresController } from './erasure/erasures.controller.ts';
import { AudienceMembers } from './fan-out/audience-members.ts';
import { FanOut } from './fan-out/fan-out.ts';
import { FanOutStore } from './fan-out/fan-out-store.ts';
import { EventStore } from './intake/event-store.ts';
import { FrontDoor } from './intake/front-door.ts';
import { Intake } from './intake/intake.ts';
import { IntakeController } from './intake/intake.controller.ts';
import { NotificationStore } from './notifications/notification-store.ts';
import { Notifying } from './notifications/notifying.ts';
import { PersonalDataController } from './personal-data/personal-data.controller.ts';
import { PutRecipients } from './recipients/put-recipients.ts';
import { RecipientEvents } from './recipients/recipient-events.ts';
import { Reminders } from './reminders/reminders.ts';
import { ZoneChanges } from './reminders/zone-changes.ts';
import { RecipientStore } from './recipients/recipient-store.ts';
import { retained, weeksAhead } from './retention/retained.ts';
import { RecipientsController } from './recipients/recipients.controller.ts';
import { BindingStore } from './sources/binding-store.ts';
import { SourceBindings } from './sources/source-bindings.ts';
import { Sources } from './sources/sources.ts';
import { SourcesController } from './sources/sources.controller.ts';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.ts';
import { Suppressions } from './suppressions/suppressions.ts';
import { SuppressionsController } from './suppressions/suppressions.controller.ts';
import { TestMessages } from './test-messages/test-messages.ts';
import { TestMessagesController } from './test-messages/test-messages.controller.ts';
import { Throttles } from './throttles/throttles.ts';

/** Who, where, when: recipients, their choices, and the decision behind every notification. */
@Module({
  imports: [RetentionModule.of({ parts: retained, weeksAhead })],
  controllers: [
    IntakeController,
    CancellingController,
    RecipientsController,
    SuppressionsController,
    SubscriptionsController,
    ChoicesController,
    DecisionsController,
    CatalogController,
    SourcesController,
    ErasuresController,
    PersonalDataController,
    TestMessagesController,
  ],
  providers: [
    FrontDoor,
    Intake,
    Cancelling,
    Notifying,
    Reminders,
    Digests,
    ZoneChanges,
    FanOut,
    FanOutStore,
    AudienceMembers,
    DryRun,
    EventStore,
    NotificationStore,
    RecipientStore,
    PutRecipients,
    RecipientEvents,
    Suppressions,
    Catalogs,
    CatalogVersions,
    CatalogEditing,
    CatalogAnnouncer,
    Sources,
    SourceBindings,
    BindingStore,
    Throttles,
    TestMessages,
    Erasures,
    ErasureStore,
    Announcing,
  ],
})
export class AppModule {}
