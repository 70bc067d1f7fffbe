import { Module } from '@nestjs/common';
import { BuiltInTemplates } from './built-in/built-in-templates.ts';
import { NotificationRoutedController } from './rendering/notification-routed.controller.ts';
import { TemplateCache } from './templates/template-cache.ts';
import { TemplateStore } from './templates/template-store.ts';

@Module({
  controllers: [NotificationRoutedController],
  providers: [BuiltInTemplates, TemplateCache, TemplateStore],
})
export class AppModule {}
