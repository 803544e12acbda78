import { isUtf8 } from 'node:buffer';

export interface KeyRange {
  readonly key: Buffer;
  readonly range_end: Buffer;
}

/**
 * All keys that start with a prefix (etcd's API guide, "key ranges"): up to the prefix with its last byte raised by one.
 * The prefix ends in `/`, or it would take in its longer neighbours: `/grpc/order` also starts `/grpc/order-v2/…`.
 */
export function prefixRange(prefix: string): KeyRange {
  if (!prefix.endsWith('/')) throw new Error(`prefix ${prefix} does not end in /`);
  const key = Buffer.from(prefix);
  const range_end = Buffer.from(key);
  range_end[range_end.length - 1] = 0x30;
  return { key, range_end };
}

/**
 * All keys below a root: those that start with it, or, where it is empty, all that do not start with `/`. What does belongs to frameworks that
 * have a root, and may be most of what etcd holds.
 */
export function rootRanges(root: string): readonly KeyRange[] {
  if (root !== '') return [prefixRange(root)];
  // A range that ends with the byte 0 has no end (etcd's API guide, "key ranges").
  return [
    { key: Buffer.of(0), range_end: Buffer.from('/') },
    { key: Buffer.from('0'), range_end: Buffer.of(0) },
  ];
}

/** The very next key after this one. */
export function keyAfter(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

/** The revision after this one; revisions exceed what a number holds. */
export function nextRevision(revision: string): string {
  return (BigInt(revision) + 1n).toString();
}

/** A key as the name of an entry in a map: one character a byte. */
export function nameOf(key: Buffer): string {
  return key.toString('latin1');
}

/** A key as text. Keys are bytes: one that is not UTF-8 is shown by its bytes, so that two of them stay two. */
export function keyText(key: Buffer): string {
  return utf8Text(key) ?? `bytes:${key.toString('hex')}`;
}

/** What a replacement character stands for is no UTF-8, or that very character. */
const replacement = '\ufffd';

/** Bytes as text; `undefined` where they are not UTF-8. */
export function utf8Text(bytes: Buffer): string | undefined {
  const text = bytes.toString();
  // Looking for it costs far less than looking at all bytes first.
  return text.includes(replacement) && !isUtf8(bytes) ? undefined : text;
}
