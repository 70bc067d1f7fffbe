import { previewTemplate, sendTemplateTest } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Previews } from './previews.ts';

/** What templates would say. */
@Controller()
export class PreviewsController {
  constructor(private readonly previews: Previews) {}

  @MessagePattern<string>(previewTemplate.name)
  preview(@Payload() request: RequestOf<typeof previewTemplate>): Promise<ResponseOf<typeof previewTemplate>> {
    return this.previews.preview(request);
  }

  @MessagePattern<string>(sendTemplateTest.name)
  sendTest(@Payload() request: RequestOf<typeof sendTemplateTest>): Promise<ResponseOf<typeof sendTemplateTest>> {
    return this.previews.sendTest(request);
  }
}
