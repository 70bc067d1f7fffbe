import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  changePreferences as changePreferencesRpc,
  getDefaultPreferences,
  getPreferences,
  setPreferences,
  type Preferences,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Catalogs } from '../catalog/catalogs.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';
import type { Surroundings } from './check-preferences.ts';
import { changePreferences, patchPreferences, replacePreferences } from './choosing.ts';
import { defaultPreferences } from './default-preferences.ts';

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

  @MessagePattern(getDefaultPreferences.name)
  async defaults(
    @Payload() { tenant }: RequestOf<typeof getDefaultPreferences>,
  ): Promise<ResponseOf<typeof getDefaultPreferences>> {
    return defaultPreferences(await this.catalogs.of(tenant), Date.now());
  }

  @MessagePattern(setPreferences.name)
  set(
    @Payload() { tenant, recipient, mode, preferences }: RequestOf<typeof setPreferences>,
  ): Promise<ResponseOf<typeof setPreferences>> {
    const choose = mode === 'replace' ? replacePreferences : patchPreferences;
    return this.change(tenant, recipient, (before, surroundings) => choose(before, preferences, surroundings));
  }

  @MessagePattern(changePreferencesRpc.name)
  changeMany(
    @Payload() { tenant, recipient, change }: RequestOf<typeof changePreferencesRpc>,
  ): Promise<ResponseOf<typeof changePreferencesRpc>> {
    return this.change(tenant, recipient, (before, surroundings) => changePreferences(before, change, surroundings));
  }

  private async change(
    tenant: string,
    recipient: string,
    choose: (before: Preferences, surroundings: Surroundings) => Preferences,
  ): Promise<Preferences> {
    const surroundings = { catalog: await this.catalogs.of(tenant), now: Date.now() };
    return this.recipients.changePreferences(tenant, recipient, (before) => choose(before, surroundings));
  }
}
