import { exportTranslations, importTranslations, missingTranslations } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Translations } from './translations.ts';

/** Gives out texts for translators, and takes them back. */
@Controller()
export class TranslationsController {
  constructor(private readonly translations: Translations) {}

  @MessagePattern<string>(exportTranslations.name)
  export(@Payload() request: RequestOf<typeof exportTranslations>): Promise<ResponseOf<typeof exportTranslations>> {
    return this.translations.export(request);
  }

  @MessagePattern<string>(importTranslations.name)
  import(@Payload() request: RequestOf<typeof importTranslations>): Promise<ResponseOf<typeof importTranslations>> {
    return this.translations.import(request);
  }

  @MessagePattern<string>(missingTranslations.name)
  missing(@Payload() request: RequestOf<typeof missingTranslations>): Promise<ResponseOf<typeof missingTranslations>> {
    return this.translations.missing(request);
  }
}
