import { Module } from '@nestjs/common';
import { Catalogs } from './catalog/catalogs.ts';
import { ChoicesController } from './choices/choices.controller.ts';
import { DecisionsController } from './decisions/decisions.controller.ts';
import { EventStore } from './intake/event-store.ts';
import { Intake } from './intake/intake.ts';
import { IntakeController } from './intake/intake.controller.ts';
import { NotificationStore } from './intake/notification-store.ts';
import { RecipientStore } from './recipients/recipient-store.ts';
import { RecipientsController } from './recipients/recipients.controller.ts';
import { Sources } from './sources/sources.ts';
import { SourcesController } from './sources/sources.controller.ts';

/** Who, where, when: recipients, their choices, and the decision behind every notification. */
@Module({
  controllers: [IntakeController, RecipientsController, ChoicesController, DecisionsController, SourcesController],
  providers: [Intake, EventStore, NotificationStore, RecipientStore, Catalogs, Sources],
})
export class AppModule {}
