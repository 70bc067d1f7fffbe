import { Module } from '@nestjs/common';
import { BrandStore } from './branding/brand-store.ts';
import { BrandingController } from './branding/branding.controller.ts';
import { BuiltInTemplates } from './built-in/built-in-templates.ts';
import { CatalogController } from './catalog/catalog.controller.ts';
import { CatalogWords } from './catalog/catalog-words.ts';
import { WordsInUse } from './catalog/words-in-use.ts';
import { TemplateCompiler } from './compile/template-compiler.ts';
import { ExperimentsInUse } from './experiments/assignment/experiments-in-use.ts';
import { ExperimentStore } from './experiments/experiment-store.ts';
import { Observations } from './experiments/results/observations.ts';
import { ObservingController } from './experiments/results/observing.controller.ts';
import { IsolatedTemplates } from './isolation/isolated-templates.ts';
import { Recompiler } from './recompiling/recompiler.ts';
import { ChunkRoutedController } from './rendering/chunk-routed.controller.ts';
import { DeliveryPublisher } from './rendering/delivery-publisher.ts';
import { DryRunController } from './rendering/dry-run.controller.ts';
import { GuardedRendering } from './rendering/guarded-rendering.ts';
import { NotificationRoutedController } from './rendering/notification-routed.controller.ts';
import { Renderer } from './rendering/renderer.ts';
import { RequiredData } from './required-data/required-data.ts';
import { RequiredDataController } from './required-data/required-data.controller.ts';
import { Samples } from './samples/samples.ts';
import { SamplesController } from './samples/samples.controller.ts';
import { TemplateCache } from './templates/template-cache.ts';
import { TemplateStore } from './templates/template-store.ts';

@Module({
  controllers: [
    BrandingController,
    CatalogController,
    ChunkRoutedController,
    DryRunController,
    NotificationRoutedController,
    RequiredDataController,
    SamplesController,
    ObservingController,
  ],
  providers: [
    BrandStore,
    BuiltInTemplates,
    CatalogWords,
    DeliveryPublisher,
    ExperimentsInUse,
    ExperimentStore,
    GuardedRendering,
    IsolatedTemplates,
    Observations,
    Recompiler,
    Renderer,
    RequiredData,
    Samples,
    TemplateCache,
    TemplateCompiler,
    TemplateStore,
    WordsInUse,
  ],
})
export class AppModule {}
