import type { Type } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, Reflector, type DiscoveryService } from '@nestjs/core';
import { AppModule } from '../../app.module.ts';
import { asyncApi } from '../asyncapi/asyncapi.ts';
import { DescribedRoutes } from '../openapi/described-routes.ts';
import { openApi } from '../openapi/openapi.ts';
import { version } from '../package-folder.ts';
import { ContractExamples } from '../schemas/contract-examples.ts';
import { eventContracts } from '../schemas/contracts.ts';

/**
 * The API documents as this code makes them, without a gateway that runs: `docs/released` keeps those of the last release.
 * The AMQP names are those of an installation that has not chosen a prefix; examples, which promise nothing, are left out.
 */
export function generatedDocuments() {
  const discovery = { getControllers: () => controllersOf(AppModule).map((metatype) => ({ metatype })) };
  const routes = new DescribedRoutes(discovery as unknown as DiscoveryService, new MetadataScanner(), new Reflector());
  return {
    openapi: withoutExamples(openApi(routes.all(), new ContractExamples(), version)),
    asyncapi: withoutExamples(asyncApi(eventContracts, 'carillon', version)),
  };
}

/** @param named whether the keys are names that somebody chose, such as those of properties, and not words of a standard */
function withoutExamples<Part>(part: Part, named = false): Part {
  if (Array.isArray(part)) return part.map((item: unknown) => withoutExamples(item)) as Part;
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(
    Object.entries(part)
      .filter(([key]) => named || (key !== 'example' && key !== 'examples'))
      .map(([key, value]) => [key, withoutExamples(value as unknown, !named && key === 'properties')]),
  ) as Part;
}

/** The controllers of a module and of all that it imports. Dynamic modules have none that serve HTTP. */
function controllersOf(module: Type, seen = new Set<Type>()): Type[] {
  if (seen.has(module)) return [];
  seen.add(module);
  const listed = (key: string): unknown[] => (Reflect.getMetadata(key, module) as unknown[] | undefined) ?? [];
  const imported = listed(MODULE_METADATA.IMPORTS).filter((entry): entry is Type => typeof entry === 'function');
  return [
    ...(listed(MODULE_METADATA.CONTROLLERS) as Type[]),
    ...imported.flatMap((entry) => controllersOf(entry, seen)),
  ];
}
