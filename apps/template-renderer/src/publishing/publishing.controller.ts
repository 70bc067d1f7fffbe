import { publishTemplate, rollBackTemplate, setTemplateActive } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Library } from '../library/library.ts';
import { Publishing } from './publishing.ts';

/** Publishes, rolls back, switches on and off. */
@Controller()
export class PublishingController {
  constructor(
    private readonly publishing: Publishing,
    private readonly library: Library,
  ) {}

  @MessagePattern<string>(publishTemplate.name)
  async publish(@Payload() request: RequestOf<typeof publishTemplate>): Promise<ResponseOf<typeof publishTemplate>> {
    const published = await this.publishing.publish(request);
    return { published, template: await this.library.get({ ...request, owner: 'own' }) };
  }

  @MessagePattern<string>(rollBackTemplate.name)
  async rollBack(@Payload() request: RequestOf<typeof rollBackTemplate>): Promise<ResponseOf<typeof rollBackTemplate>> {
    const published = await this.publishing.rollBack(request);
    return { published, template: await this.library.get({ ...request, owner: 'own' }) };
  }

  @MessagePattern<string>(setTemplateActive.name)
  async setActive(
    @Payload() request: RequestOf<typeof setTemplateActive>,
  ): Promise<ResponseOf<typeof setTemplateActive>> {
    const owner = await this.publishing.setActive(request);
    return this.library.get({ ...request, owner });
  }
}
