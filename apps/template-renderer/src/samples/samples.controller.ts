import { deleteSample, getSample, putSample } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Samples } from './samples.ts';

/** The sample data of types. */
@Controller()
export class SamplesController {
  constructor(private readonly samples: Samples) {}

  @MessagePattern<string>(getSample.name)
  get(@Payload() { tenant, type }: RequestOf<typeof getSample>): Promise<ResponseOf<typeof getSample>> {
    return this.samples.of(tenant, type);
  }

  @MessagePattern<string>(putSample.name)
  put(@Payload() { tenant, type, data }: RequestOf<typeof putSample>): Promise<ResponseOf<typeof putSample>> {
    return this.samples.put(tenant, type, data);
  }

  @MessagePattern<string>(deleteSample.name)
  delete(@Payload() { tenant, type }: RequestOf<typeof deleteSample>): Promise<ResponseOf<typeof deleteSample>> {
    return this.samples.delete(tenant, type);
  }
}
