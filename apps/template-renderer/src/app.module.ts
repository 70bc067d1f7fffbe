import { RetentionModule } from '@carillon/service';
import { Module } from '@nestjs/common';
import { BrandStore } from './branding/brand-store.ts';
import { BrandingController } from './branding/branding.controller.ts';
import { BuiltInTemplates } from './built-in/built-in-templates.ts';
import { CatalogController } from './catalog/catalog.controller.ts';
import { CatalogWords } from './catalog/catalog-words.ts';
import { WordsInUse } from './catalog/words-in-use.ts';
import { TemplateCompiler } from './compile/template-compiler.ts';
import { FragmentDesk } from './fragments/fragment-desk.ts';
import { FragmentStore } from './fragments/fragment-store.ts';
import { FragmentsController } from './fragments/fragments.controller.ts';
import { FramedTemplates } from './fragments/framed-templates.ts';
import { Framing } from './fragments/framing.ts';
import { DraftStore } from './drafts/draft-store.ts';
import { Drafts } from './drafts/drafts.ts';
import { DraftsController } from './drafts/drafts.controller.ts';
import { WordsCheck } from './drafts/words-check.ts';
import { ExperimentsInUse } from './experiments/assignment/experiments-in-use.ts';
import { Drafting } from './experiments/drafting/drafting.ts';
import { ExperimentStore } from './experiments/experiment-store.ts';
import { ExperimentsController } from './experiments/experiments.controller.ts';
import { Promoting } from './experiments/promoting/promoting.ts';
import { Observations } from './experiments/results/observations.ts';
import { ObservingController } from './experiments/results/observing.controller.ts';
import { retained } from './experiments/results/retained.ts';
import { IsolatedTemplates } from './isolation/isolated-templates.ts';
import { Library } from './library/library.ts';
import { LibraryController } from './library/library.controller.ts';
import { LibraryStore } from './library/library-store.ts';
import { Publishing } from './publishing/publishing.ts';
import { PublishingController } from './publishing/publishing.controller.ts';
import { Recompiler } from './recompiling/recompiler.ts';
import { ChunkRoutedController } from './rendering/chunk-routed.controller.ts';
import { DeliveryPublisher } from './rendering/delivery-publisher.ts';
import { DryRunController } from './rendering/dry-run.controller.ts';
import { GuardedRendering } from './rendering/guarded-rendering.ts';
import { NotificationRoutedController } from './rendering/notification-routed.controller.ts';
import { Renderer } from './rendering/renderer.ts';
import { WordsChoice } from './previews/chosen-words.ts';
import { PreviewsController } from './previews/previews.controller.ts';
import { Previews } from './previews/previews.ts';
import { RequiredData } from './required-data/required-data.ts';
import { RequiredDataController } from './required-data/required-data.controller.ts';
import { Samples } from './samples/samples.ts';
import { SamplesController } from './samples/samples.controller.ts';
import { TemplateCache } from './templates/template-cache.ts';
import { TemplateStore } from './templates/template-store.ts';
import { Translations } from './translations/translations.ts';
import { TranslationsController } from './translations/translations.controller.ts';

@Module({
  imports: [RetentionModule.of({ parts: retained })],
  controllers: [
    BrandingController,
    CatalogController,
    ChunkRoutedController,
    DraftsController,
    DryRunController,
    ExperimentsController,
    LibraryController,
    FragmentsController,
    NotificationRoutedController,
    PublishingController,
    PreviewsController,
    RequiredDataController,
    SamplesController,
    TranslationsController,
    ObservingController,
  ],
  providers: [
    BrandStore,
    BuiltInTemplates,
    CatalogWords,
    DeliveryPublisher,
    Drafts,
    DraftStore,
    Drafting,
    ExperimentsInUse,
    ExperimentStore,
    GuardedRendering,
    IsolatedTemplates,
    Library,
    LibraryStore,
    FragmentDesk,
    FragmentStore,
    FramedTemplates,
    Framing,
    Observations,
    Promoting,
    Publishing,
    Recompiler,
    Renderer,
    Previews,
    RequiredData,
    Samples,
    TemplateCache,
    TemplateCompiler,
    TemplateStore,
    Translations,
    WordsCheck,
    WordsChoice,
    WordsInUse,
  ],
})
export class AppModule {}
