import type { Layout } from './layouts/layout.js';
import { layouts } from './layouts/index.js';
import type { LayoutName } from './layouts/names.js';

/** Where records are kept, and how they are written there. */
export interface Place {
  /** What the keys start with, before the service: `/rollcall`, `kitex/registry-etcd`, or empty where they start with the service. */
  readonly prefix: string;
  /** `auto`: each record says itself which it is. */
  readonly layout: Layout | 'auto';
}

/** Prefixes that are not a layout's default and still widely used: the tutorials that write layout plain take this one. */
const customary: readonly string[] = ['/grpclb'];

/** Every prefix under which some framework keeps its records unless told otherwise. */
export const knownPrefixes: readonly string[] = [...new Set([...Object.values(layouts).map(({ defaultPrefix }) => defaultPrefix), ...customary])];

/**
 * The places that the options `layout` and `prefix` name, in the order of the layouts: where two records of one instance are equally new, the first place counts.
 * @param prefixes as many as layouts, or one layout for all of them; an empty one, or none at all, stands for the layout's default
 */
export function placesOf(names: readonly LayoutName[] | 'auto', prefixes: readonly string[]): readonly Place[] {
  if (names === 'auto') return (prefixes.length === 0 ? knownPrefixes : prefixes).map((prefix) => ({ prefix, layout: 'auto' }));
  const count = Math.max(names.length, prefixes.length);
  return Array.from({ length: count }, (_, index) => {
    const layout = layouts[names[names.length === 1 ? 0 : index] as LayoutName];
    const given = prefixes[index] ?? '';
    return { layout, prefix: given === '' ? layout.defaultPrefix : given };
  });
}

/** The known prefixes, and those of these options. */
export function everyPrefix({ layout, prefix }: { readonly layout: readonly LayoutName[] | 'auto'; readonly prefix: readonly string[] }): readonly string[] {
  return [...new Set([...placesOf(layout, prefix).map((place) => place.prefix), ...knownPrefixes])];
}

/** What all keys of a place start with: empty, or ending in `/`. */
export function rootOf({ prefix }: Place): string {
  return prefix === '' ? '' : `${prefix}/`;
}
