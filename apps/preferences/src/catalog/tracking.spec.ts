import { describe, expect, it } from '@jest/globals';
import type { CatalogDocument } from '@carillon/contracts';
import { builtIn } from './built-in-types.ts';
import { Catalog } from './catalog.ts';
import { parseCatalog } from './parse-catalog.ts';
import { foundation } from './built-in-types.ts';
import { trackingOf } from './tracking.ts';

const tracked = (category: string, own: CatalogDocument = {}) => {
  const { opens, clicks } = trackingOf(category, builtIn.document, own);
  return [opens, clicks];
};

describe('what is tracked of emails', () => {
  it('are opens and clicks, but nothing of security', () => {
    expect(tracked('marketing')).toEqual([true, true]);
    expect(tracked('an_unknown_one')).toEqual([true, true]);
    expect(tracked('constructor')).toEqual([true, true]);
    expect(tracked('security')).toEqual([false, false]);
  });

  it('is what the tenant says of the category, or otherwise of all', () => {
    const own = { tracking: { clicks: false }, categories: { billing: { tracking: { opens: false, clicks: true } } } };
    expect(tracked('marketing', own)).toEqual([true, false]);
    expect(tracked('billing', own)).toEqual([false, true]);
    expect(tracked('security', { tracking: { opens: true } })).toEqual([false, false]);
    expect(tracked('security', { categories: { security: { name: 'Safety' } } })).toEqual([false, false]);
    expect(tracked('security', { categories: { security: { tracking: { opens: true } } } })).toEqual([true, false]);
  });

  it('is known by the tenant’s catalog', () => {
    const document = {
      tracking: { opens: false, clicks: false },
      categories: { offers: { tracking: { opens: true } } },
    };
    const catalog = Catalog.of(1, parseCatalog(document, foundation));
    expect(catalog.trackingOf('offers')).toEqual({ opens: true, clicks: false });
    expect(catalog.trackingOf('billing')).toEqual({ opens: false, clicks: false });
    expect(new Catalog().trackingOf('billing')).toEqual({ opens: true, clicks: true });
  });
});
