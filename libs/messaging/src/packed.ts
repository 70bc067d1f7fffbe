/**
 * Data with a field that may be large (`bulk` of their contract) on their way between services. What is large travels compressed
 * (RFC 8878) with all other fields beside it, and is read when somebody asks for it: who passes it on, holds it back or hands it to
 * another process never does.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { defaults } from './defaults.ts';

/** Data whose bulk is not read. Plain data: it can be sent to another process. */
export interface Packed {
  /** All fields but one. */
  rest: Record<string, unknown>;
  /** The name of the one. */
  bulk: string;
  /** Its JSON, compressed. */
  bytes: Uint8Array;
}

/** The bulk of data that came packed. */
const bulks = new WeakMap<object, Omit<Packed, 'rest'>>();

/** @returns undefined where the bulk is not large */
export function pack(data: object, bulk: string): Packed | undefined {
  const { [bulk]: value, ...rest } = data as Record<string, unknown>;
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined || json.length <= defaults.largeBytes) return undefined;
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  return { rest, bulk, bytes: zstdCompressSync(json, { params }) };
}

/** The data, which read their bulk when it is asked for. That throws when the bytes are no JSON compressed by zstd. */
export function unpack({ rest, bulk, bytes }: Packed): object {
  let value: unknown;
  let unread = true;
  const get = () => {
    if (unread) {
      try {
        value = JSON.parse(zstdDecompressSync(bytes, { maxOutputLength: defaults.unpackedBytes }).toString());
      } catch (error) {
        throw new Error(`"${bulk}" cannot be unpacked: ${(error as Error).name}`);
      }
      unread = false;
    }
    return value;
  };
  const data = Object.defineProperty({ ...rest }, bulk, { get, enumerable: true });
  bulks.set(data, { bulk, bytes });
  return data;
}

/** Data that came packed, without reading their bulk; undefined for others. */
export function packedOf(data: object): Packed | undefined {
  const known = bulks.get(data);
  if (!known) return undefined;
  const names = Object.keys(data).filter((name) => name !== known.bulk);
  return { ...known, rest: Object.fromEntries(names.map((name) => [name, data[name as keyof typeof data]])) };
}

/** The same data with other fields, not reading a bulk that came packed and is not among them. */
export function withFields<Data extends object, Fields extends object>(data: Data, fields: Fields): Data & Fields {
  const known = bulks.get(data);
  if (!known || known.bulk in fields) return { ...data, ...fields };
  // With its getter, which remembers what was read, for both of them.
  const { [known.bulk]: bulk, ...rest } = Object.getOwnPropertyDescriptors(data) as PropertyDescriptorMap;
  const copy = Object.defineProperties({}, rest);
  Object.defineProperty(Object.assign(copy, fields), known.bulk, bulk!);
  bulks.set(copy, known);
  return copy as Data & Fields;
}
