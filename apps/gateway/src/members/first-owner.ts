import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@carillon/service';
import type { GatewayConfig } from '../config.ts';
import { Members } from './members.ts';

/** Whoever opens the console of a new installation. */
@Injectable()
export class FirstOwner {
  constructor(
    private readonly members: Members,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** At start, by the settings; without them it does nothing. */
  async invite(): Promise<void> {
    const { DEV_TENANT: tenant, FIRST_OWNER_EMAIL: email, FIRST_OWNER_TOKEN: token } = this.config;
    if (email !== undefined) await this.members.inviteFirstOwner(tenant, email, token);
  }
}
