import { requiredData } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { RequiredData } from './required-data.ts';

/** Says what events must bring, so that a mistake is told to whoever can still mend it. */
@Controller()
export class RequiredDataController {
  constructor(private readonly required: RequiredData) {}

  @MessagePattern<string>(requiredData.name)
  async of(@Payload() { tenant, words }: RequestOf<typeof requiredData>): Promise<ResponseOf<typeof requiredData>> {
    return { required: await Promise.all(words.map((one) => this.required.of(tenant, one))) };
  }
}
