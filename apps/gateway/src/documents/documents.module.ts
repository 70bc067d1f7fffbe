import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AdminConsole } from './admin-console/admin-console.ts';
import { AdminConsoleController } from './admin-console/admin-console.controller.ts';
import { ApiDocuments } from './api-documents.ts';
import { DocsPage } from './docs-page/docs-page.ts';
import { DocsPageController } from './docs-page/docs-page.controller.ts';
import { DocumentsController } from './documents.controller.ts';
import { DescribedRoutes } from './openapi/described-routes.ts';

/** What the gateway tells of itself: API documents for machines and people, and the admin console. */
@Module({
  imports: [DiscoveryModule],
  controllers: [DocumentsController, DocsPageController, AdminConsoleController],
  providers: [DescribedRoutes, ApiDocuments, DocsPage, AdminConsole],
  exports: [DescribedRoutes],
})
export class DocumentsModule {}
