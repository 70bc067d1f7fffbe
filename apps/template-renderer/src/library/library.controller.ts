import {
  diffTemplate,
  getTemplate,
  getTemplateVersion,
  listTemplates,
  listTemplateVersions,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Library } from './library.ts';

/** Answers what templates there are, and what they have been. */
@Controller()
export class LibraryController {
  constructor(private readonly library: Library) {}

  @MessagePattern<string>(listTemplates.name)
  list(@Payload() request: RequestOf<typeof listTemplates>): Promise<ResponseOf<typeof listTemplates>> {
    return this.library.list(request);
  }

  @MessagePattern<string>(getTemplate.name)
  get(@Payload() request: RequestOf<typeof getTemplate>): Promise<ResponseOf<typeof getTemplate>> {
    return this.library.get(request);
  }

  @MessagePattern<string>(listTemplateVersions.name)
  versions(
    @Payload() request: RequestOf<typeof listTemplateVersions>,
  ): Promise<ResponseOf<typeof listTemplateVersions>> {
    return this.library.versions(request);
  }

  @MessagePattern<string>(getTemplateVersion.name)
  version(@Payload() request: RequestOf<typeof getTemplateVersion>): Promise<ResponseOf<typeof getTemplateVersion>> {
    return this.library.version(request);
  }

  @MessagePattern<string>(diffTemplate.name)
  diff(@Payload() request: RequestOf<typeof diffTemplate>): Promise<ResponseOf<typeof diffTemplate>> {
    return this.library.diff(request);
  }
}
