/** The layouts that `layout=` accepts; kept apart from the codecs so that options can be checked without loading them. */
export const layoutNames = ['rollcall', 'plain'] as const;

export type LayoutName = (typeof layoutNames)[number];
