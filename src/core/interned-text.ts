/** `JSON.parse` itself makes one string of equal ones up to this length. */
const internedByParser = 10;

/** A longer text is rarely the same twice. */
const maxLength = 100;

/** So many texts at most; zones, versions and what metadata names are far fewer. */
const maxTexts = 1_000;

const texts = new Map<string, string>();

/**
 * The first string of the same content: a thousand instances of one zone hold one string between them. Forgets all of them
 * when they are too many, so that texts that never come again are not held for ever.
 */
export function internedText(text: string): string {
  if (text.length <= internedByParser || text.length > maxLength) return text;
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size === maxTexts) texts.clear();
  // A copy: a part of a larger text keeps all of it in memory.
  const own = JSON.parse(JSON.stringify(text)) as string;
  texts.set(own, own);
  return own;
}
