import { defaultTenant, templatesChanged, type CloudEvent } from '@carillon/contracts';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { RequiredData } from './required-data.ts';

/** Hears that a tenant has other templates, which may need other data. */
@Controller()
export class TemplatesChangedController {
  constructor(private readonly required: RequiredData) {}

  @EventPattern<string>(templatesChanged.type)
  onChanged(@Payload() { tenant = defaultTenant }: CloudEvent): void {
    this.required.forget(tenant);
  }
}
