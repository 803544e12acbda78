/** Texts up to this length are written into an array that is kept. */
const longestKept = 128;

const kept: Uint8Array[] = [];

/**
 * The bytes of a text in UTF-8, to be read at once: the next text of the same length may overwrite them. A Buffer for each costs more than the hash of
 * a short key.
 */
export function bytesOf(text: string): Uint8Array {
  const { length } = text;
  if (length > longestKept) return Buffer.from(text);
  const bytes = (kept[length] ??= new Uint8Array(length));
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return Buffer.from(text);
    bytes[at] = code;
  }
  return bytes;
}
