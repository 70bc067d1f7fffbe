import { randomUUID } from 'node:crypto';
import { getBrand, saveBrand, templatesChanged, type BrandAnswer, type BrandSettings } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { BrandStore } from './brand-store.ts';

/** Reads and sets the brands of tenants. */
@Controller()
export class BrandingController {
  constructor(
    private readonly brands: BrandStore,
    private readonly messages: Messages,
  ) {
    messages.onConnected(() => brands.forgetAll());
  }

  @MessagePattern<string>(getBrand.name)
  get(@Payload() { tenant }: { tenant: string }): Promise<BrandAnswer> {
    return this.brands.describe(tenant);
  }

  @MessagePattern<string>(saveBrand.name)
  async save(
    @Payload()
    { tenant, settings, merge, by }: { tenant: string; settings: BrandSettings; merge: boolean; by: string },
  ): Promise<BrandAnswer> {
    const saved = await this.brands.save(tenant, settings, by, merge);
    await this.messages.publish(templatesChanged, {}, { tenant, id: randomUUID() });
    return saved;
  }
}
