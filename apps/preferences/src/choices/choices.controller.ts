import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { getPreferences, setPreferences } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Catalogs } from '../catalog/catalogs.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';
import { checkPreferences, mergePreferences } from './merge-preferences.ts';

/** What recipients chose: reads and writes their preferences. */
@Controller()
export class ChoicesController {
  constructor(
    private readonly recipients: RecipientStore,
    private readonly catalogs: Catalogs,
  ) {}

  @MessagePattern(getPreferences.name)
  get(@Payload() { tenant, recipient }: RequestOf<typeof getPreferences>): Promise<ResponseOf<typeof getPreferences>> {
    return this.recipients.preferences(tenant, recipient);
  }

  @MessagePattern(setPreferences.name)
  async set(
    @Payload() { tenant, recipient, mode, preferences }: RequestOf<typeof setPreferences>,
  ): Promise<ResponseOf<typeof setPreferences>> {
    checkPreferences(preferences, await this.catalogs.of(tenant));
    return this.recipients.changePreferences(tenant, recipient, (before) =>
      mode === 'replace' ? preferences : mergePreferences(before, preferences),
    );
  }
}
