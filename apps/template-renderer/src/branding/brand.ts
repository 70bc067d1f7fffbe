import type { Brand, BrandSettings } from '@carillon/contracts';
import type { Config } from '../config.ts';
import { paletteOf, type Palette } from './palette.ts';

/** A brand as templates see it. */
export type TemplateBrand = Omit<Brand, 'colors'> & { colors: Palette };

export function templateBrandOf(brand: Brand): TemplateBrand {
  return { ...brand, colors: paletteOf(brand.colors) };
}

/** The brand of a tenant that has said nothing, from the installation's settings. */
export function defaultBrand(config: Config): Brand {
  return brandOf(
    { name: config.BRAND_NAME, site_url: config.SITE_URL, support_email: config.SUPPORT_EMAIL },
    {
      name: 'Carillon',
      logo_url: null,
      colors: { primary: '#2457d6', secondary: '#2457d6', background: '#f4f4f5' },
      site_url: config.SITE_URL,
      frontend_url: config.SITE_URL,
      support_email: null,
      support_phone: null,
      support_url: null,
      default_locale: 'en',
    },
  );
}

/**
 * What a tenant said, completed. A colour or an address that follows another one does so as long as it is not given itself: the
 * secondary colour the primary one, the app's address the site's.
 *
 * @param defaults complete already
 */
export function brandOf(settings: BrandSettings, defaults: Brand): Brand {
  const { colors, ...own } = withoutNulls(settings);
  const given = withoutNulls(colors ?? {});
  return {
    ...defaults,
    ...(own.site_url !== undefined && { frontend_url: own.site_url }),
    ...own,
    colors: { ...defaults.colors, ...(given.primary !== undefined && { secondary: given.primary }), ...given },
  };
}

type Given<T> = { [Name in keyof T]?: NonNullable<T[Name]> };

function withoutNulls<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null)) as Given<T>;
}
